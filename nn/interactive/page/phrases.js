// All texts of the playground, in English and Japanese.

const ENGLISH = {
  language: "日本語", dark: "dark theme", light: "light theme", copy: "copy link", copied: "link copied", notCopied: "copy it from the address bar",
  controls: "training", reset: "↺ reset", play: "▶ train", pause: "❚❚ pause", oneStep: "one batch", oneEpoch: "one epoch", epochs: "epoch",
  rate: "learning rate", optimiser: "optimiser", activation: "activation", regularisation: "regularisation", decay: "strength",
  data: "data", file: "your own file: x1, x2, target", noise: "noise", points: "points", batch: "batch", newPoints: "new points", features: "features",
  network: "network", output: "output", negative: "−", positive: "+", update: "update", errors: "gradient norm of each layer",
  fewerLayers: "remove a hidden layer", moreLayers: "add a hidden layer", hidden: (n) => `${n} hidden ${n === 1 ? "layer" : "layers"}`,
  fewer: (n) => `remove a neuron from layer ${n}`, more: (n) => `add a neuron to layer ${n}`,
  loss: (name, train, test, share) => [`${name}: `, `training ${train}`, test ? ` · ` : "", test ? `test ${test}` : "", share ? ` · ${share} correct` : ""],
  lossAxis: "epoch", example: "One example's backward pass", point: "point", toStart: "to the inputs", back: "◀ back", forth: "step ▶", run: "▶ play", closeExample: "close",
  planeLabel: "the network's output over the plane, with the points; click a point, or choose its number below, to run it through the network",
  pick: "Click a point on the plane to play its forward pass, its backward pass and its update through the network, layer by layer. Click a neuron to open it.",
  stageInputs: (k, target) => `Point ${k}, target ${target}: the inputs.`,
  stageForward: (l) => `Forward, layer ${l}: each neuron sums its inputs times its weights, adds its bias, and applies its activation.`,
  stageLoss: (y, target, loss) => `The output is ${y}, the target ${target}: the loss is ${loss}.`,
  stageBackward: (l) => `Backward, layer ${l}: each neuron gets the error at its output, multiplies it by the slope of its activation, and passes it on: to each weight times the input, to each input times the weight.`,
  stageUpdate: (rate) => `Update by this example alone: each weight becomes weight − ${rate} × gradient. The next step applies it.`,
  updated: (before, after) => `Updated: the loss of this example went from ${before} to ${after}.`,
  neuronOf: (layer, k) => `Layer ${layer}, neuron ${k}`, input: "input", outputIs: "its output over the plane",
  columns: ["input", "value", "weight", "product", "gradient", "new weight"], bias: "bias", sum: "sum z", out: (f) => `output ${f}(z)`, slope: "slope at z", error: "error at the output", delta: "error at z = error × slope",
  close: "close", needsExample: "Pick a point to see its numbers here.", recording: "a recorded training", notPoints: "this file has no lines of three numbers", diverged: "The loss is not finite: the rate is too large. Reset, and choose a smaller one.",
};

const JAPANESE = {
  language: "English", dark: "暗い配色", light: "明るい配色", copy: "リンクをコピー", copied: "コピーしました", notCopied: "アドレス欄からコピーしてください",
  controls: "学習", reset: "↺ 最初から", play: "▶ 学習", pause: "❚❚ 停止", oneStep: "1 バッチ", oneEpoch: "1 エポック", epochs: "エポック",
  rate: "学習率", optimiser: "最適化", activation: "活性化関数", regularisation: "正則化", decay: "その強さ",
  data: "データ", file: "自分のファイル:x1, x2, 目標", noise: "雑音", points: "点の数", batch: "バッチ", newPoints: "別の点", features: "特徴",
  network: "ネットワーク", output: "出力", negative: "−", positive: "+", update: "更新", errors: "層ごとの勾配ノルム",
  fewerLayers: "隠れ層を一つ減らす", moreLayers: "隠れ層を一つ増やす", hidden: (n) => `隠れ層 ${n}`,
  fewer: (n) => `第 ${n} 層のニューロンを減らす`, more: (n) => `第 ${n} 層のニューロンを増やす`,
  loss: (name, train, test, share) => [`${name}: `, `訓練 ${train}`, test ? ` · ` : "", test ? `テスト ${test}` : "", share ? ` · 正解 ${share}` : ""],
  lossAxis: "エポック", example: "一つの例の逆伝播", point: "点", toStart: "入力へ", back: "◀ 戻る", forth: "進む ▶", run: "▶ 再生", closeExample: "閉じる",
  planeLabel: "平面上のネットワークの出力と点。点を押すか番号を選ぶと、ネットワークを通ります",
  pick: "平面の点を押すと、その順伝播・逆伝播・更新が層ごとに見えます。ニューロンを押すと中が開きます。",
  stageInputs: (k, target) => `点 ${k}、目標 ${target}:入力。`,
  stageForward: (l) => `順伝播 第 ${l} 層:入力 × 重みを足し、バイアスを足し、活性化関数を通します。`,
  stageLoss: (y, target, loss) => `出力 ${y}、目標 ${target}:損失は ${loss}。`,
  stageBackward: (l) => `逆伝播 第 ${l} 層:出力での誤差に活性化関数の傾きを掛け、重みへは × 入力、入力へは × 重みで渡します。`,
  stageUpdate: (rate) => `この例だけによる更新:重み − ${rate} × 勾配。もう一歩進むと実行します。`,
  updated: (before, after) => `更新しました:この例の損失は ${before} から ${after} になりました。`,
  neuronOf: (layer, k) => `第 ${layer} 層 ニューロン ${k}`, input: "入力", outputIs: "平面上の出力",
  columns: ["入力", "値", "重み", "積", "勾配", "新しい重み"], bias: "バイアス", sum: "和 z", out: (f) => `出力 ${f}(z)`, slope: "z での傾き", error: "出力での誤差", delta: "z での誤差 = 誤差 × 傾き",
  close: "閉じる", needsExample: "点を選ぶと数値が見えます。", recording: "記録された学習", notPoints: "三つの数の行がありません", diverged: "損失が有限でなくなりました。学習率が大きすぎます。",
};

export const PHRASES = { en: ENGLISH, ja: JAPANESE };
