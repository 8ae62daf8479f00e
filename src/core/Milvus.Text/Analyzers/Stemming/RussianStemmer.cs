namespace Milvus.Text.Analyzers.Stemming;

/// <summary>Russian (snowballstem.org/algorithms/russian/stemmer.html); all rules are confined to the region behind the first vowel.</summary>
internal sealed class RussianStemmer : Stemmer
{
    private const string Vowels = "аеиоуыэюя";

    // In these tables the suffixes of group 0 must follow а or я.
    private static readonly SuffixTable s_gerunds = new("в вши вшись", "ив ивши ившись ыв ывши ывшись");
    private static readonly SuffixTable s_participles = new("ем нн вш ющ щ", "ивш ывш ующ");

    private static readonly SuffixTable s_verbs = new(
        "ла на ете йте ли й л ем н ло но ет ют ны ть ешь нно",
        "ила ыла ена ейте уйте ите или ыли ей уй ил ыл им ым ен ило ыло ено ят ует уют ит ыт ены ить ыть ишь ую ю");

    private static readonly SuffixTable s_adjectives = new(
        "ее ие ые ое ими ыми ей ий ый ой ем им ым ом его ого ему ому их ых ую юю ая яя ою ею");

    private static readonly SuffixTable s_reflexives = new("ся сь");

    private static readonly SuffixTable s_nouns = new(
        "а ев ов ие ье е иями ями ами еи ии и ией ей ой ий й иям ям ием ем ам ом о у ах иях ях ы ь ию ью ю ия ья я");

    private static readonly SuffixTable s_derivations = new("ост ость");
    private static readonly SuffixTable s_endings = new("ейш ейше", "н", "ь");

    public override void Stem(ref StemWord word)
    {
        word.Exchange("ё", "е");
        int vowel = word.BehindVowel(0, Vowels);
        if (vowel < 0)
            return;
        word.Rv = vowel;
        int r1 = word.BehindConsonant(vowel, Vowels);
        int next = r1 < 0 ? -1 : word.BehindVowel(r1, Vowels);
        int r2 = next < 0 ? -1 : word.BehindConsonant(next, Vowels);
        if (r2 >= 0)
            word.R2 = r2;

        if (!CutGuarded(ref word, s_gerunds))
        {
            CutAny(ref word, s_reflexives);
            if (CutAny(ref word, s_adjectives))
                CutGuarded(ref word, s_participles);
            else if (!CutGuarded(ref word, s_verbs))
                CutAny(ref word, s_nouns);
        }
        word.CutEnd("и", word.Rv);
        if (s_derivations.Find(in word, word.Rv, out int length) >= 0 && word.InR2(length))
            word.Cut(length);
        TidyUp(ref word);
    }

    private static void TidyUp(ref StemWord word)
    {
        switch (s_endings.Find(in word, word.Rv, out int length))
        {
            case 0:
                word.Cut(length);
                if (word.EndsWith("нн") && word.InRv(2))
                    word.Cut(1);
                break;
            case 1 when word.EndsWith("нн") && word.InRv(2):
            case 2:
                word.Cut(length);
                break;
        }
    }

    private static bool CutAny(ref StemWord word, SuffixTable suffixes)
    {
        if (suffixes.Find(in word, word.Rv, out int length) < 0)
            return false;
        word.Cut(length);
        return true;
    }

    private static bool CutGuarded(ref StemWord word, SuffixTable suffixes)
    {
        int group = suffixes.Find(in word, word.Rv, out int length);
        if (group < 0 || group == 0 && !(word.InRv(length + 1) && word.Last(length + 1) is 'а' or 'я'))
            return false;
        word.Cut(length);
        return true;
    }
}
