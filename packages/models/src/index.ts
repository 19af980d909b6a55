export * from "./architectures/factornet/build.js";
export * from "./architectures/factornet/factornet.js";
export * from "./architectures/factornet/options.js";
export * from "./architectures/factornet/seeding.js";
export * from "./bin-features.js";
export * from "./bundle/bundle.node.js";
export * from "./bundle/folder.node.js";
export * from "./bundle/model-file.js";
export * from "./bundle/run-record.node.js";
export * from "./demo/demo.node.js";
export * from "./demo/yeast-study.js";
export * from "./ensemble/rank-average-tracks.node.js";
export * from "./evaluate/baselines.js";
export * from "./evaluate/bootstrap.js";
export * from "./evaluate/evaluate-factor.node.js";
export * from "./evaluate/metrics.js";
export * from "./evaluate/score-bins.node.js";
export * from "./evaluate/select-bins.js";
export {
  checkInstallation,
  type InstallationCheck,
  type InstallationReport,
} from "./info/check-installation.node.js";
export { type DescribeOptions, describeFile } from "./info/describe-file.node.js";
export type { FileDescription } from "./info/description.js";
export { knownKinds } from "./info/file-kind.node.js";
export * from "./interpret/interpret-kernels.node.js";
export * from "./interpret/saliency.node.js";
export * from "./interpret/write-saliency.node.js";
export * from "./jobs/evaluate-bundles.node.js";
export * from "./jobs/train-bundle.node.js";
export * from "./keras/export-keras.node.js";
export * from "./keras/import-keras.node.js";
export * from "./kernels/kernel-motifs.node.js";
export * from "./model-definition.js";
export * from "./model-table.js";
export * from "./network/network.node.js";
export * from "./predict/dream-submission.node.js";
export * from "./predict/predict-regions.node.js";
export * from "./predict/write-predictions.node.js";
export * from "./report/build-report.node.js";
export * from "./report/render-report.js";
export * from "./report/report-data.js";
export * from "./train/prepare.js";
export * from "./train/settings.js";
export * from "./train/train.node.js";
export * from "./version.js";
