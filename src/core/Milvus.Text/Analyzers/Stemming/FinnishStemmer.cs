namespace Milvus.Text.Analyzers.Stemming;

/// <summary>Finnish (snowballstem.org/algorithms/finnish/stemmer.html).</summary>
internal sealed class FinnishStemmer : Stemmer
{
    private const string Vowels = "aeiouyäö";
    private const string Consonants = "bcdfghjklmnpqrstvwxz";
    private static readonly SuffixTable s_particles = new("kin kaan kään ko kö han hän pa pä", "sti");
    private static readonly SuffixTable s_possessives = new("si", "ni", "nsa nsä mme nne", "an", "än", "en");
    private static readonly SuffixTable s_beforeAn = new("ta ssa sta lla lta na");
    private static readonly SuffixTable s_beforeAan = new("tä ssä stä llä ltä nä");
    private static readonly SuffixTable s_beforeEn = new("lle ine");
    private static readonly SuffixTable s_long = new("aa ee ii oo uu ää öö");

    // Of these only such as follow the right letters count; a shorter ending is tried otherwise.
    private static readonly SuffixTable s_conditionalCases = new("siin den tten", "seen");

    private static readonly SuffixTable s_cases = new(
        "han hen hin hon hän hön", "n", "a ä", "tta ttä", "ta tä ssa ssä sta stä lla llä lta ltä lle na nä ksi ine");

    private static readonly SuffixTable s_others = new("mpi mpa mpä mmi mma mmä", "impi impa impä immi imma immä eja ejä");
    private static readonly SuffixTable s_mma = new("mma", "imma");

    public override void Stem(ref StemWord word)
    {
        word.MarkR1R2(Vowels);
        Particle(ref word);
        Possessive(ref word);
        bool removed = Case(ref word);
        OtherEnding(ref word);
        if (removed)
        {
            if (!word.CutEnd("i", word.R1))
                word.CutEnd("j", word.R1);
        }
        else
        {
            PluralT(ref word);
        }
        Tidy(ref word);
    }

    private static void Particle(ref StemWord word)
    {
        int group = s_particles.Find(in word, word.R1, out int length);
        if (group == 0 && word.Length > length && (IsVowel(word.Last(length + 1)) || word.Last(length + 1) is 'n' or 't') || group == 1 && word.InR2(length))
            word.Cut(length);
    }

    private static void Possessive(ref StemWord word)
    {
        int group = s_possessives.Find(in word, word.R1, out int length);
        bool applies = group switch
        {
            0 => word.Last(length + 1) != 'k',
            1 or 2 => true,
            3 => s_beforeAn.Matches(in word, length),
            4 => s_beforeAan.Matches(in word, length),
            5 => s_beforeEn.Matches(in word, length),
            _ => false,
        };
        if (!applies)
            return;
        word.Cut(length);
        if (group == 1 && word.EndsWith("kse"))
            word.Replace(3, "ksi");
    }

    private static bool Case(ref StemWord word)
    {
        int conditional = s_conditionalCases.Find(in word, word.R1, out int length);
        if (conditional >= 0 && word.InR1(length + 2) && (conditional == 0 ? FollowsDiphthongInI(in word, length) : s_long.Matches(in word, length)))
        {
            word.Cut(length);
            return true;
        }
        int group = s_cases.Find(in word, word.R1, out length);
        char before = word.Last(length + 1);
        switch (group)
        {
            case 0 when before == word.Last(2):
            case 2 when word.Length > length + 1 && IsVowel(before) && Consonants.Contains(word.Last(length + 2)):
            case 3 when before == 'e':
            case 4:
                word.Cut(length);
                return true;
            case 1:
                word.Cut(s_long.Matches(in word, 1) || word.EndsWith("ie", 1) ? 2 : 1);
                return true;
            default:
                return false;
        }
    }

    private static bool FollowsDiphthongInI(in StemWord word, int cut) =>
        word.Last(cut + 1) == 'i' && word.Last(cut + 2) != 'y' && IsVowel(word.Last(cut + 2));

    private static void OtherEnding(ref StemWord word)
    {
        int group = s_others.Find(in word, word.R2, out int length);
        if (group == 1 || group == 0 && !word.EndsWith("po", length))
            word.Cut(length);
    }

    private static void PluralT(ref StemWord word)
    {
        if (!word.EndsWith("t") || !word.InR1(2) || !IsVowel(word.Last(2)))
            return;
        word.Cut(1);
        int group = s_mma.Find(in word, word.R2, out int length);
        if (group == 1 || group == 0 && !word.EndsWith("po", length))
            word.Cut(length);
    }

    private static void Tidy(ref StemWord word)
    {
        if (s_long.Find(in word, word.R1, out _) >= 0)
            word.Cut(1);
        if (word.InR1(2) && "aäei".Contains(word.Last(1)) && Consonants.Contains(word.Last(2)))
            word.Cut(1);
        if (word.InR1(2) && word.Last(1) == 'j' && word.Last(2) is 'o' or 'u')
            word.Cut(1);
        if (word.InR1(2) && word.EndsWith("jo"))
            word.Cut(1);
        int at = word.Length - 1;
        while (at >= 0 && IsVowel(word[at]))
            at--;
        if (at >= 1 && Consonants.Contains(word[at]) && word[at - 1] == word[at])
            word.Replace(at, 1, "");
    }

    private static bool IsVowel(char letter) => Vowels.Contains(letter);
}
