/**
 * The n-th largest of some numbers, n from 1 on, found by Hoare's selection in time that grows with their count.
 * @param values not a number nowhere; left as they are
 */
export function selectLargest(values: Float32Array, n: number): number {
  const own = values.slice();
  const wanted = own.length - n;
  let low = 0;
  let high = own.length - 1;
  while (low < high) {
    const pivot = medianOfThree(own[low], own[(low + high) >>> 1], own[high]);
    let i = low;
    let j = high;
    while (i <= j) {
      while (own[i] < pivot) i++;
      while (own[j] > pivot) j--;
      if (i > j) break;
      const value = own[i];
      own[i++] = own[j];
      own[j--] = value;
    }
    if (wanted <= j) high = j;
    else if (wanted >= i) low = i;
    else break;
  }
  return own[wanted];
}

function medianOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
