import { ADJECTIVES, ADVERBS, NOUNS, PREPOSITIONS, VERBS } from './words.ts'

/** Lines of the specification's pseudo text (4.2.2.14), the same at every run; comments are pieces of them. */
export function pseudoText(lines: number): string[] {
  const random = generator(19_920_101)
  const pick = (words: readonly string[]) => words[Math.floor(random() * words.length)] ?? ''
  const adverbially = (words: readonly string[]) =>
    random() < 0.3 ? `${pick(ADVERBS)} ${pick(words)}` : pick(words)
  const nounPhrase = () => {
    const kind = random()
    if (kind < 0.25) return pick(NOUNS)
    if (kind < 0.65) return `${pick(ADJECTIVES)} ${pick(NOUNS)}`
    if (kind < 0.8) return `${pick(ADJECTIVES)}, ${pick(ADJECTIVES)} ${pick(NOUNS)}`
    return `${adverbially(ADJECTIVES)} ${pick(NOUNS)}`
  }
  const sentence = () => {
    const start = `${nounPhrase()} ${adverbially(VERBS)}`
    const kind = random()
    const end = random() < 0.9 ? '.' : (['?', '!', ';', ':'][Math.floor(random() * 4)] ?? '.')
    if (kind < 0.3) return `${start}${end}`
    if (kind < 0.65) return `${start} ${pick(PREPOSITIONS)} the ${nounPhrase()}${end}`
    return `${start} ${nounPhrase()}${end}`
  }
  return Array.from({ length: lines }, () => {
    let line = ''
    while (line.length < 256) line += `${sentence()} `
    return line
  })
}

/** A linear congruential generator (Numerical Recipes): good enough for words. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
