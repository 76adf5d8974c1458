// `eigenscope/plot`: spectra and histograms for uPlot, and the reports, each one HTML file.

export { hinfReport, type HinfSpectra, type HinfSummary, type ReportOptions } from "./hinfReport.ts";
export { histogram, histogramPlot, type Histogram, type HistogramOptions } from "./histogram.ts";
export { spectrumPlot, type Spectrum, type SpectrumPlotOptions, type SpectrumTheme } from "./spectrum.ts";
export { spectrumReport, type SpectrumSummary } from "./spectrumReport.ts";
