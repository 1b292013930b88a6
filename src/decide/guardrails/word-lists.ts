import type { Rule } from './rule.ts';

/** The words by which a rule is broken: data, with a version of its own. */
export interface WordList {
  readonly id: Rule['id'];
  readonly sentence: string;
  readonly patterns: readonly RegExp[];
  /** Headings in which the words are the person's lawful refusal, not an agency's instruction. */
  readonly except?: readonly string[];
  /** Whether a line in the first person only warns: "don't call me manipulative" is what a person asks for. */
  readonly firstPersonWarns?: true;
}

/** Raised whenever a list changes: plans in force are looked at again by a person, and recalled by nobody (design section 4). */
export const WORDS_VERSION = 2;

const NOT =
  "(?:do not|don't|never|must not|mustn't|should not|shouldn't|must never|should never|not to|are not to|is not to|avoid|no need to)";
const NOT_BE = "(?:not to be|must not be|mustn't be|should not be|shouldn't be|is not to be|are not to be|never be|need not be)";
const THEM = '(?:her|him|them|this (?:person|patient|lady|man|woman)|the (?:person|patient))';
const WHERE = '(?:hospital|a&e|the (?:ed|emergency department|ward|unit)|(?:an )?ambulance)';
const CARE =
  '(?:care|treatment|support|admission|assessment|access|entry|pain relief|analgesia|an(?:a)?esthetic|medication|a bed|services?)';
const LEVEL = '(?:very )?(?:low|medium|moderate|high|red|amber|green)';
/** Of the body, not of the person: those who treat need to know them. */
const BODILY =
  '(?! (?:of|from) (?:falls?|falling|chok|infection|bleeding|seizures?|dehydration|low blood|clots?|stroke|sepsis|hypo|refeeding|pressure))';

const list = (parts: readonly string[]): readonly RegExp[] => parts.map((part) => new RegExp(part, 'i'));

// The plainest cases only, judged on 400 sentences (test/decide/guardrails/sentences). `CPN` alone is missing on purpose: in a crisis plan it is the
// community psychiatric nurse.
export const WORD_LISTS: readonly WordList[] = [
  {
    id: 'G1',
    sentence: 'A plan threatens nobody: take out the sanction or the condition.',
    patterns: list([
      '\\bcriminal behaviou?r orders?\\b',
      '\\bcbos?\\b',
      '\\bcommunity protection (?:notice|warning)s?\\b',
      '\\bcpn (?:warning|notice|letter)',
      '\\bprosecut(?:e|es|ing|ion|ions)\\b(?! (?:service|witness))',
      '\\b(?:will|may|should|can|could|must|to) be (?:prosecuted|arrested|charged|fined|cautioned|punished|sanctioned)\\b',
      `\\barrest (?:me|if|when|for|${THEM})\\b`,
      '\\b(?:consider|threaten \\w+ with|risks?) (?:an? )?arrest\\b',
      '\\b(?:behaviou?r|behaviou?ral|acceptable behaviou?r) (?:contract|agreement)s?\\b',
      '\\bwasting (?:of )?police time\\b',
      '\\bthere will be consequences\\b',
      '\\bface (?:the )?consequences\\b',
      '\\bconsequences (?:of|for) (?:breaking|calling|ringing|self-harm)',
      '\\bboundaries and (?:the )?consequences\\b',
      '^consequences ?:',
      '\\b(?:penalty|fixed penalty) notices?\\b',
      '\\binjunction\\b',
      '\\banti-?social behaviou?r\\b',
      '\\bpublic order (?:act|offence)',
      '\\bcriminal (?:justice|matter|proceedings|charge|action)',
      '\\bsanctions?\\b',
      '\\bsummons\\b',
      '\\bthree strikes\\b',
      `\\b(?:give|issue) (?:a )?(?:formal )?caution\\b|\\bto caution ${THEM}`,
      '\\b(?:is|commits?|committing) an offence\\b',
      '\\bbreach of the (?:order|peace)\\b',
      '\\b(?:lead to|through the|taken to) courts?\\b',
      '\\b(?:loss of|loses?|lose) (?:her|his|their|my|the) (?:place|support|worker|tenancy|bed|key ?worker)',
      '\\b(?:tenancy|housing|benefits) (?:is|are|will be) (?:at stake|at risk|lost)\\b',
      `\\bwithdraw (?:all |her |his |their )?${CARE}`,
      '\\bno visit on the day after\\b',
      '\\bhave been (?:told|warned) that (?:calling|ringing)',
    ]),
  },
  {
    id: 'G2',
    sentence: 'A plan never tells anyone to withhold assessment, transport, admission or treatment.',
    patterns: list([
      `\\b${NOT} (?:convey|transport|admit|assess|re-?assess|attend|despatch|dispatch|detain(?:ing)?|convey(?:ing)|admitting)\\b(?! me (?:without|until|before|by|in|at night|alone)\\b)(?! appointments)`,
      `\\b${NOT} respond\\b`,
      `\\b${NOT} engage with ${THEM}`,
      `\\b${NOT} (?:take|bring) (?:${THEM} )?to ${WHERE}`,
      `\\b${NOT} (?:see|accept) ${THEM} for\\b`,
      `\\b${NOT} send (?:an? )?(?:ambulance|crew)\\b`,
      `\\b${NOT} treat\\b(?! (?:me|us|${THEM}|it|this) (?:like|as|badly|differently|with))`,
      `\\b${NOT} (?:offer|give|prescribe|carry out)(?: or give)? (?:${THEM} )?(?:a bed|reassurance|attention|analgesia|pain relief|help|diazepam|medication|an? (?:mental|assessment|bed))`,
      `\\b${NOT_BE} (?:conveyed|transported|admitted|assessed|attended|detained|offered|sent|brought|seen|taken|treated(?! (?:like|as|badly|differently)))\\b`,
      `\\b(?:assessment|ambulance|crew|police|section 136|136) (?:is|are|should|must) not (?:to )?(?:be )?(?:attend|offered|required|needed|used|sent|called|despatched|dispatched)`,
      '\\b(?:ambulance|crew|assessment) not (?:required|needed)\\b',
      '\\bno (?:ambulance|conveyance|admission|bed|section 136|136)\\b',
      '\\bno further action (?:is )?(?:required|needed)\\b',
      '\\bnot for (?:conveyance|admission|assessment|hospital|136|section 136)\\b',
      `\\b(?:refuse|deny|decline) (?:${THEM} )?(?:any )?${CARE}\\b`,
      `\\b(?:admission|treatment|assessment|${CARE}) (?:should|must|is to|will) be (?:refused|denied|withheld)\\b`,
      '\\badmission is (?:contraindicated|not )',
      '\\badmit only as a last resort\\b',
      '\\bmust be refused\\b',
      `\\bwithhold (?:any )?${CARE}`,
      `\\bturn ${THEM} away\\b`,
      `\\bdischarge (?:${THEM} )?without\\b`,
      '(?<!not |never )\\b(?:terminate|end) the call\\b',
      '\\bcalls (?:are|is) to be ended\\b',
      '^hang up\\b|(?<!not |never |have )\\bhang up if (?:s?he|they)\\b',
      '\\bignore (?:her|his|their|the|any|all)? ?calls\\b',
      '\\bno help is available\\b',
      `\\b(?:leave|keep) (?:${THEM} )?at home even\\b`,
      '\\bleave the scene if (?:s?he|they)\\b',
      '\\bwithout (?:local )?an(?:a)?esthetic\\b',
      '\\bthe (?:ed|emergency department|ward) should not see\\b',
    ]),
    except: ['refusals', 'advance-statement'],
  },
  {
    id: 'G3',
    sentence: 'A plan never stands in for judgement: take out that it replaces or overrules assessment.',
    patterns: list([
      "\\b(?:plan|document) (?:replaces|overrides|overrules|supersedes|takes precedence over|stands in for) (?:the |any |all |your |a |clinical |crew's |clinician's |mental health )*(?:judge?ment|assessment)\\b",
      '\\bfollow this plan (?:instead of|whatever)\\b',
      '\\bno need for (?:any |further )?assessment\\b',
      '\\b(?:judge?ment|assessment) is not (?:needed|necessary|required)\\b',
    ]),
  },
  {
    id: 'G14',
    sentence: 'A plan has no labels for people: say what happens, and what helps.',
    patterns: list([
      '\\b(?:high[- ]intensity|heavy|super|prolific) (?:service )?user\\b',
      '\\bfrequent (?:flyer|flier|caller|attender|attendee|presenter|user)s?\\b',
      '\\b(?:serial|repeat) callers?\\b',
      '\\battention[- ]seek(?:ing|er)s?\\b',
      '\\bcry for attention\\b',
      '\\bmanipulat(?:ive|es?|ing)\\b',
      '\\bmalicious(?:ly)?\\b',
      '\\b(?:hoax|nuisance) call(?:er|s)?\\b',
      "\\btime[- ]?wasters?\\b|\\bwast(?:e|es|ing) (?:everyone's|everybody's|our|your|staff|the crew's) time\\b",
      '\\bdrug[- ]seek(?:ing|er)\\b',
      '\\bpurely behaviou?ral\\b',
      '\\bbed[- ]blocker\\b',
      '\\bplaying up\\b',
      '\\bcrying wolf\\b',
      '\\babus(?:es|er of|ing) the (?:service|999|111|system|emergency)',
      '\\brevolving door\\b',
      '\\bsecondary gain\\b',
      '\\b(?:difficult|demanding) (?:and demanding )?(?:patient|person|individual)\\b',
      '\\bexaggerat(?:es|ing|ed)\\b',
      '\\bfeign(?:s|ing|ed)?\\b|\\b(?:fakes|puts on) (?:chest|seizures?|fits?|collapse|pain|illness)',
      '\\bto get (?:her|his|their) (?:own )?way\\b',
      '\\bprolific self-harmer\\b',
      '\\btheatrical\\b',
    ]),
    firstPersonWarns: true,
  },
  {
    id: 'G15',
    sentence: 'A plan has no risk scores or bands: say what may happen, and what to do.',
    patterns: list([
      '\\brisk (?:score|rating|level|band|banding|category|grade|stratification|tier)\\b',
      '\\blevel of risk\\b',
      `\\b${LEVEL}[- ]risk (?:patient|person|individual|client|service user|of|to|triggers)\\b`.replace(
        '|of|',
        `|of(?! (?:falls?|falling|chok|infection|bleeding|seizures?|dehydration|low blood|clots?|stroke|sepsis))|`,
      ),
      `\\b(?:as|not|considered) ${LEVEL}[- ]risk\\b`,
      `\\brisk${BODILY}(?: (?:of|to) (?:self|others|suicide|self-harm|violence|harm(?: to self)?))?(?: is)?(?: considered| currently)? ?[:=,]? ?${LEVEL}\\b`,
      '\\brag (?:rat(?:ed|ing)|status)\\b',
      '\\bassessed risk\\b',
      '\\bhigh risk of suicide\\b',
    ]),
  },
];
