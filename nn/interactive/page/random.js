// Python's random numbers: a seed gives the same weights, points and batches as in Python.

/** The Mersenne Twister MT19937 (M. Matsumoto, T. Nishimura, 1998) with the methods of random.Random. */
export class Random {
  /** @param {number} seed a whole number, 0 or more */
  constructor(seed) {
    this.state = new Uint32Array(624);
    this.at = 624;
    this.spare = null;
    const key = [];
    for (let rest = BigInt(Math.abs(seed)); rest > 0n; rest >>= 32n) key.push(Number(rest & 0xffffffffn));
    this.begin(key.length ? key : [0]);
  }

  begin(key) {
    const { state } = this;
    state[0] = 19650218;
    for (let k = 1; k < 624; k += 1) state[k] = Math.imul(1812433253, state[k - 1] ^ (state[k - 1] >>> 30)) + k;
    let [i, j] = [1, 0];
    const turn = (factor, plus) => {
      const mixed = Math.imul(state[i - 1] ^ (state[i - 1] >>> 30), factor);
      state[i] = (state[i] ^ mixed) + plus;
      i += 1;
      if (i === 624) [state[0], i] = [state[623], 1];
    };
    for (let k = Math.max(624, key.length); k > 0; k -= 1) {
      turn(1664525, key[j] + j);
      j = (j + 1) % key.length;
    }
    for (let k = 623; k > 0; k -= 1) turn(1566083941, -i);
    state[0] = 0x80000000;
  }

  word() {
    const { state } = this;
    if (this.at === 624) {
      for (let k = 0; k < 624; k += 1) {
        const y = (state[k] & 0x80000000) | (state[(k + 1) % 624] & 0x7fffffff);
        state[k] = state[(k + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      this.at = 0;
    }
    let y = state[this.at];
    this.at += 1;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  random() {
    const [high, low] = [this.word() >>> 5, this.word() >>> 6];
    return (high * 67108864 + low) / 9007199254740992;
  }

  uniform(a, b) {
    return a + (b - a) * this.random();
  }

  /** Return a normal number; two are made from two uniform ones (Box and Muller), one kept for the next call. */
  gauss(mean, deviation) {
    let z = this.spare;
    this.spare = null;
    if (z === null) {
      const angle = this.random() * 2 * Math.PI;
      const radius = Math.sqrt(-2 * Math.log(1 - this.random()));
      z = Math.cos(angle) * radius;
      this.spare = Math.sin(angle) * radius;
    }
    return mean + z * deviation;
  }

  below(n) {
    const bits = 32 - Math.clz32(n);
    let found = this.word() >>> (32 - bits);
    while (found >= n) found = this.word() >>> (32 - bits);
    return found;
  }

  /** Return a permutation of 0 to n - 1, equal to `random.sample(range(n), n)`. */
  order(n) {
    const pool = Array.from({ length: n }, (_, k) => k);
    return pool.map((_, k) => k).map((k) => {
      const j = this.below(n - k);
      const found = pool[j];
      pool[j] = pool[n - k - 1];
      return found;
    });
  }
}
