/** The word lists of the TPC-H specification, 4.2.2.13 and 4.2.2.14, as far as queries depend on them. */

export const COLORS =
  `almond antique aquamarine azure beige bisque black blanched blue blush brown burlywood burnished chartreuse chiffon
chocolate coral cornflower cornsilk cream cyan dark deep dim dodger drab firebrick floral forest frosted gainsboro ghost
goldenrod green grey honeydew hot indian ivory khaki lace lavender lawn lemon light lime linen magenta maroon medium
metallic midnight mint misty moccasin navajo navy olive orange orchid pale papaya peach peru pink plum powder puff purple
red rose rosy royal saddle salmon sandy seashell sienna sky slate smoke snow spring steel tan thistle tomato turquoise
violet wheat white yellow`.split(/\s+/)

export const TYPE_SYLLABLES = [
  ['STANDARD', 'SMALL', 'MEDIUM', 'LARGE', 'ECONOMY', 'PROMO'],
  ['ANODIZED', 'BURNISHED', 'PLATED', 'POLISHED', 'BRUSHED'],
  ['TIN', 'NICKEL', 'BRASS', 'STEEL', 'COPPER'],
] as const

export const CONTAINER_SYLLABLES = [
  ['SM', 'LG', 'MED', 'JUMBO', 'WRAP'],
  ['CASE', 'BOX', 'BAG', 'JAR', 'PKG', 'PACK', 'CAN', 'DRUM'],
] as const

export const SEGMENTS = ['AUTOMOBILE', 'BUILDING', 'FURNITURE', 'MACHINERY', 'HOUSEHOLD'] as const
export const PRIORITIES = ['1-URGENT', '2-HIGH', '3-MEDIUM', '4-NOT SPECIFIED', '5-LOW'] as const
export const INSTRUCTIONS = ['DELIVER IN PERSON', 'COLLECT COD', 'NONE', 'TAKE BACK RETURN'] as const
export const SHIP_MODES = ['REG AIR', 'AIR', 'RAIL', 'SHIP', 'TRUCK', 'MAIL', 'FOB'] as const

export const REGIONS = ['AFRICA', 'AMERICA', 'ASIA', 'EUROPE', 'MIDDLE EAST'] as const

/** Name and region, by nation key. */
export const NATIONS: readonly (readonly [string, number])[] = [
  ...([
    ['ALGERIA', 0],
    ['ARGENTINA', 1],
    ['BRAZIL', 1],
    ['CANADA', 1],
    ['EGYPT', 4],
  ] as const),
  ...([
    ['ETHIOPIA', 0],
    ['FRANCE', 3],
    ['GERMANY', 3],
    ['INDIA', 2],
    ['INDONESIA', 2],
  ] as const),
  ...([
    ['IRAN', 4],
    ['IRAQ', 4],
    ['JAPAN', 2],
    ['JORDAN', 4],
    ['KENYA', 0],
  ] as const),
  ...([
    ['MOROCCO', 0],
    ['MOZAMBIQUE', 0],
    ['PERU', 1],
    ['CHINA', 2],
    ['ROMANIA', 3],
  ] as const),
  ...([
    ['SAUDI ARABIA', 4],
    ['VIETNAM', 2],
    ['RUSSIA', 3],
    ['UNITED KINGDOM', 3],
    ['UNITED STATES', 1],
  ] as const),
]

/** Words of comments with their weights, most of them in one list: the queries look for `special … requests` only. */
export const NOUNS = weighted({
  40: 'packages requests accounts deposits',
  20: 'foxes ideas theodolites instructions',
  10: 'dependencies excuses platelets asymptotes',
  5: 'courts dolphins',
  1: 'multipliers sauternes warthogs frets dinos attainments somas patterns forges braids frays warhorses dugouts notornis epitaphs pearls tithes waters orbits gifts sheaves depths sentiments decoys realms pains grouches escapades',
})
export const VERBS = weighted({
  20: 'sleep wake are cajole haggle nag use boost affix detect integrate',
  1: 'maintain nod was lose sublate solve thrash promise engage hinder print x-ray breach eat grow impress mold poach serve run dazzle snooze doze unwind kindle play hang believe doubt',
})
export const ADJECTIVES = weighted({
  50: 'regular',
  40: 'final ironic',
  30: 'even',
  20: 'special pending unusual express bold',
  10: 'silent',
  1: 'furious sly careful blithe quick fluffy slow quiet ruthless thin close dogged daring brave stealthy permanent enticing idle busy',
})
export const ADVERBS = weighted({
  50: 'slyly furiously blithely carefully quickly',
  20: 'fluffily',
  1: 'sometimes always never slowly quietly ruthlessly thinly closely doggedly daringly bravely stealthily permanently enticingly idly busily regularly finally ironically evenly boldly silently',
})
export const PREPOSITIONS = weighted({
  50: 'about above according-to across after against along alongside-of among around at',
  1: 'atop before behind beneath beside besides between beyond by despite during except for from inside into near of on outside over past since through throughout to toward under until up upon without with within',
})

function weighted(byWeight: Readonly<Record<number, string>>): readonly string[] {
  return Object.entries(byWeight).flatMap(([weight, words]) =>
    words
      .split(' ')
      .flatMap((word) =>
        Array<string>(Number(weight)).fill(word === 'x-ray' ? word : word.replace('-', ' ')),
      ),
  )
}
