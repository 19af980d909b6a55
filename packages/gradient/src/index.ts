export * from "./autodiff.js";
export { classActivationMap } from "./class-activation-map.js";
export {
  type DeepLiftForm,
  type DeepLiftGraph,
  type DeepLiftRule,
  deepLiftGraph,
  deepLiftRules,
} from "./deeplift/deeplift.js";
export * from "./deeplift/deeplift-model.js";
export type { ReferenceRows } from "./deeplift/paired-rows.js";
export type { PredictorOptions } from "./free-batch-model.js";
export { Graph, type GraphOptions, type Phase, Tensor } from "./graph.js";
export * from "./initialisers.js";
export * from "./largest-tensor.js";
export * from "./layers/attention.js";
export * from "./layers/dense.js";
export { type DropoutOptions, dropout, spatialDropout1d } from "./layers/dropout.js";
export * from "./layers/gating.js";
export * from "./layers/gru.js";
export * from "./layers/losses.js";
export * from "./layers/lstm.js";
export * from "./layers/normalisation.js";
export * from "./layers/random-variables.js";
export type { RecurrentOptions } from "./layers/recurrent.js";
export * from "./layers/strands.js";
export type { Build, Model, ParameterValues } from "./model.js";
export * from "./mutations/follow-mutations.js";
export * from "./mutations/mutant-predictor.js";
export * from "./operators/activations.js";
export * from "./operators/arithmetic.js";
export {
  type AveragePoolOptions,
  averagePool1d,
  globalAveragePool1d,
} from "./operators/average-pool1d.js";
export * from "./operators/concatenate.js";
export {
  type ConvolutionTranspose1dOptions,
  convolutionTranspose1d,
} from "./operators/convolution-transpose1d.js";
export { type Convolution1dOptions, convolution1d, perPositionDense } from "./operators/convolution1d.js";
export type { Padding1d } from "./operators/convolution1d-shape.js";
export * from "./operators/expand.js";
export * from "./operators/gamma-functions.js";
export * from "./operators/gather.js";
export * from "./operators/matrix-product.js";
export { globalMaxPool1d, maxPool1d, type PoolOptions } from "./operators/max-pool1d.js";
export * from "./operators/permute.js";
export {
  absolute,
  exp,
  hardSigmoid,
  log,
  negate,
  relu,
  sigmoid,
  softplus,
  sqrt,
  tanh,
} from "./operators/pointwise.js";
export type { GateActivation } from "./operators/recurrent-steps.js";
export * from "./operators/reduce.js";
export { reduceMax, reduceMin } from "./operators/reduce-extreme.js";
export * from "./operators/reshape.js";
export * from "./operators/running-maximum.js";
export * from "./operators/slice.js";
export * from "./operators/softmax.js";
export { sparseBag } from "./operators/sparse-bag.js";
export * from "./operators/take-along.js";
export * from "./operators/transpose.js";
export * from "./optimizers/adadelta.js";
export * from "./optimizers/adam.js";
export { clipValues, exponentialAverage, stochasticWeightAverage } from "./optimizers/decorators.js";
export type { Algebra, Optimizer, OptimizerState } from "./optimizers/optimizer.js";
export * from "./optimizers/rmsprop.js";
export * from "./optimizers/schedules.js";
export * from "./optimizers/sgd.js";
export * from "./predictor.js";
export * from "./pytorch-weights.js";
export { evaluateReference } from "./reference.js";
export {
  cpuTraits,
  type DeviceTensor,
  type DeviceTraits,
  type Runtime,
  type Session,
  type SessionOptions,
  type TensorValue,
  webGpuTraits,
} from "./runtime.js";
export * from "./safetensors.js";
export { type Dimension, type FreeDimension, type Shape, scaleDimension } from "./shape.js";
export type { Work } from "./sharing/count-work.js";
export * from "./sharing/share-overlap.js";
export { sumPositions } from "./sum-positions.js";
export type { PlanOptions } from "./training-plan.js";
export * from "./training-step.js";
export * from "./transfer.js";
export {
  type MaxNorm,
  matchesName,
  type NamePattern,
  type UpdateOptions,
} from "./updates/parameter-update.js";
export { ParameterMemory } from "./wasm/parameter-memory.js";
export { kernelLanes } from "./wasm/vector-kernel.js";
export * from "./web-runtime.js";
