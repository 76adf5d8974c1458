/**
 * `eigenscope/plot`: spectra, histograms, layers and checkpoints for uPlot, the reports, each one HTML file, and numbers for people.
 *
 * @module eigenscope/plot
 */

export { alphaLines, checkpointsPlot, isSeries, sharedWarnings, shortNames, type CheckpointLine, type CheckpointsPlotOptions } from "./checkpoints.ts";
export { esdDescription, esdPlot, type EsdLayer, type EsdPlotOptions } from "./esd.ts";
export { hinfReport, type HinfSpectra, type HinfSummary, type ReportOptions } from "./hinfReport.ts";
export type { ReportEngine } from "./document.ts";
export { histogram, histogramPlot, type Histogram, type HistogramOptions } from "./histogram.ts";
export { layersCsv } from "./layersCsv.ts";
export { digitsFor, grouped, roundDown, roundUp, significant, typeset } from "./numbers.ts";
export { rowWarnings } from "./rowWarnings.ts";
export { spectrumPlot, type Spectrum, type SpectrumPlotOptions, type SpectrumTheme } from "./spectrum.ts";
export { spectrumReport, type SpectrumSummary } from "./spectrumReport.ts";
export { groupSkipped, prediction, verdictCounts, verdictWord } from "./verdicts.ts";
export { weightsReport, type ReportedLayer, type ReportedModel, type WeightsReportOptions } from "./weightsReport.ts";
