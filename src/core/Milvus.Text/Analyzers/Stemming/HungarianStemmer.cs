namespace Milvus.Text.Analyzers.Stemming;

/// <summary>Hungarian, by Anna Tordai (snowballstem.org/algorithms/hungarian/stemmer.html).</summary>
internal sealed class HungarianStemmer : Stemmer
{
    private const string Vowels = "aeiouáéíóöőúüű";
    private static readonly string[] s_digraphs = ["dzs", "cs", "gy", "ly", "ny", "sz", "ty", "zs"];
    private static readonly SuffixTable s_doubles = new("bb cc ccs dd ff gg ggy jj kk ll lly mm nn nny pp rr ss ssz tt tty vv zz zzs");
    private static readonly SuffixTable s_instruments = new("al el");
    private static readonly SuffixTable s_translatives = new("á é");

    // In the tables below group 0 is cut, group 1 becomes a, group 2 becomes e.
    private static readonly SuffixTable s_shortened = new("", "á", "é");

    private static readonly SuffixTable s_cases = new(
        "ban ben ba be ra re nak nek val vel tól től ról ről ból ből hoz hez höz nál nél ig at et ot öt ért képp képpen kor ul ül vá vé "
        + "onként enként anként ként en on an ön n t");

    private static readonly SuffixTable s_specialCases = new("", "án ánként", "én");
    private static readonly SuffixTable s_otherCases = new("astul estül stul stül", "ástul", "éstül");
    private static readonly SuffixTable s_owned = new("oké öké aké eké ké éi é", "áké áéi", "éké ééi éé");

    private static readonly SuffixTable s_singularOwners = new(
        "ünk unk nk juk jük uk ük em om am m od ed ad öd d ja je a e o", "ánk ájuk ám ád á", "énk éjük ém éd é");

    private static readonly SuffixTable s_pluralOwners = new(
        "jaim jeim aim eim im jaid jeid aid eid id jai jei ai ei i jaink jeink eink aink ink jaitok jeitek aitok eitek itek jeik jaik aik eik ik",
        "áim áid ái áink áitok áik",
        "éim éid éi éink éitek éik");

    private static readonly SuffixTable s_plurals = new("ök ak ok ek k", "ák", "ék");

    public override void Stem(ref StemWord word)
    {
        MarkR1(ref word);
        CutDoubled(ref word, s_instruments);
        if (s_cases.Find(in word, out int length) >= 0 && word.InR1(length))
        {
            word.Cut(length);
            Apply(ref word, s_shortened);
        }
        Apply(ref word, s_specialCases);
        Apply(ref word, s_otherCases);
        CutDoubled(ref word, s_translatives);
        Apply(ref word, s_owned);
        Apply(ref word, s_singularOwners);
        Apply(ref word, s_pluralOwners);
        Apply(ref word, s_plurals);
    }

    /// <summary>R1 is behind the first consonant, which may be a digraph, of a word with an initial vowel; else behind the first vowel.</summary>
    private static void MarkR1(ref StemWord word)
    {
        if (word.Length == 0)
            return;
        if (!Vowels.Contains(word[0]))
        {
            if (word.BehindVowel(1, Vowels) is >= 0 and int behind)
                word.R1 = behind;
            return;
        }
        int consonant = word.BehindConsonant(1, Vowels) - 1;
        if (consonant < 0)
            return;
        word.R1 = consonant + 1;
        foreach (string digraph in s_digraphs)
        {
            if (word.Letters[consonant..].StartsWith(digraph))
            {
                word.R1 = consonant + digraph.Length;
                return;
            }
        }
    }

    private static void Apply(ref StemWord word, SuffixTable suffixes)
    {
        int group = suffixes.Find(in word, out int length);
        if (group >= 0 && word.InR1(length))
            word.Replace(length, group switch { 1 => "a", 2 => "e", _ => "" });
    }

    /// <summary>Cuts a suffix that follows a doubled consonant, and makes that single.</summary>
    private static void CutDoubled(ref StemWord word, SuffixTable suffixes)
    {
        if (suffixes.Find(in word, out int length) < 0 || !word.InR1(length) || !s_doubles.Matches(in word, length))
            return;
        word.Cut(length);
        word.Replace(word.Length - 2, 1, "");
    }
}
