// What Node is given: everything browsers are given, and what needs files, threads and processes.
export { refuseExisting, writeFolder } from "@bindscape/genome";
export * from "./bundle/bundle.node.js";
export * from "./bundle/run-record.node.js";
export * from "./compare/compare-models.node.js";
export * from "./deepsea-data/read-deepsea.node.js";
export * from "./demo/demo.node.js";
export * from "./devices/choose-device.node.js";
export * from "./devices/probe-device.node.js";
export * from "./ensemble/rank-average-tracks.node.js";
export * from "./evaluate/evaluate-factor.node.js";
export * from "./evaluate/score-bins.node.js";
export * from "./evaluate/score-submission.node.js";
export * from "./index.js";
export {
  checkInstallation,
  type InstallationCheck,
  type InstallationReport,
} from "./info/check-installation.node.js";
export { type DescribeOptions, describeFile } from "./info/describe-file.node.js";
export { knownKinds } from "./info/file-kind.node.js";
export * from "./interpret/interpret-kernels.node.js";
export * from "./jobs/evaluate-bundles.node.js";
export { type TrainBundleOptions, trainBundle } from "./jobs/train-bundle.node.js";
export * from "./jobs/train-sequence-bundle.node.js";
export { trainingFolderOf } from "./jobs/training-folder.node.js";
export * from "./keras/export-keras.node.js";
export * from "./keras/import-keras.node.js";
export * from "./keras/keras-tensors.node.js";
export * from "./kernels/kernel-motifs.node.js";
export * from "./kipoi/export-kipoi.node.js";
export * from "./motif-reports/sequence-input.node.js";
export * from "./network/network.node.js";
export * from "./predict/dream-submission.node.js";
export * from "./predict/predict-in-parts.node.js";
export * from "./predict/predict-regions.node.js";
export * from "./predict/write-predictions.node.js";
export * from "./report/build-report.node.js";
export * from "./sequence-baselines/baseline-folder.node.js";
export * from "./shards/evaluate-shard.node.js";
export * from "./shards/predict-shard.node.js";
export * from "./shards/scan-shard.node.js";
export * from "./shards/shard-files.node.js";
export * from "./train/train.node.js";
export * from "./zoo/zoo.node.js";
