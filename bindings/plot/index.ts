// `eigenscope/plot`: spectra for uPlot, and the report as one HTML file.

export { htmlReport, type HinfSpectra, type HinfSummary, type ReportOptions } from "./report.ts";
export { spectrumPlot, type Spectrum, type SpectrumPlotOptions, type SpectrumTheme } from "./spectrum.ts";
