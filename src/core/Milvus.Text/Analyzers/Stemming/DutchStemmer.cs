namespace Milvus.Text.Analyzers.Stemming;

/// <summary>Dutch, by Martin Porter (snowballstem.org/algorithms/dutch_porter/stemmer.html).</summary>
internal sealed class DutchStemmer : Stemmer
{
    private const string Vowels = "aeiouyè";
    private static readonly SuffixTable s_plurals = new("heden", "en ene", "s se");
    private static readonly SuffixTable s_derivations = new("end ing", "ig", "lijk", "baar", "bar");

    public override void Stem(ref StemWord word)
    {
        if (word.Length == 0)
            return;
        word.Exchange("äáëéïíöóüú", "aaeeiioouu");
        if (word[0] == 'y')
            word[0] = 'Y';
        for (int i = 1; i < word.Length; i++)
        {
            if (!Vowels.Contains(word[i - 1]))
                continue;
            if (word[i] == 'i' && i + 1 < word.Length && Vowels.Contains(word[i + 1]))
                word[i] = 'I';
            else if (word[i] == 'y')
                word[i] = 'Y';
        }
        word.MarkR1R2(Vowels);
        if (word.R1 < word.Length)
            word.R1 = Math.Max(3, word.R1);
        Plural(ref word);
        bool foundE = FinalE(ref word);
        if (word.EndsWith("heid") && word.InR2(4) && word.Last(5) != 'c')
        {
            word.Cut(4);
            if (word.EndsWith("en"))
                FinalEn(ref word, 2);
        }
        Derivation(ref word, foundE);
        UndoubleVowel(ref word);
        word.Exchange("YI", "yi");
    }

    private static void Plural(ref StemWord word)
    {
        switch (s_plurals.Find(in word, out int length))
        {
            case 0 when word.InR1(length):
                word.Replace(length, "heid");
                break;
            case 1:
                FinalEn(ref word, length);
                break;
            case 2 when word.InR1(length) && word.Length > length && !IsVowel(word.Last(length + 1)) && word.Last(length + 1) != 'j':
                word.Cut(length);
                break;
        }
    }

    private static void FinalEn(ref StemWord word, int length)
    {
        if (!word.InR1(length) || word.Length == length || IsVowel(word.Last(length + 1)) || word.EndsWith("gem", length))
            return;
        word.Cut(length);
        Undouble(ref word);
    }

    private static bool FinalE(ref StemWord word)
    {
        if (!word.EndsWith("e") || !word.InR1(1) || word.Length < 2 || IsVowel(word.Last(2)))
            return false;
        word.Cut(1);
        Undouble(ref word);
        return true;
    }

    private static void Derivation(ref StemWord word, bool foundE)
    {
        int group = s_derivations.Find(in word, out int length);
        if (group < 0 || !word.InR2(length) || group == 1 && word.Last(length + 1) == 'e' || group == 4 && !foundE)
            return;
        word.Cut(length);
        if (group == 2)
            FinalE(ref word);
        if (group != 0)
            return;
        if (word.EndsWith("ig") && word.InR2(2) && word.Last(3) != 'e')
            word.Cut(2);
        else
            Undouble(ref word);
    }

    private static void Undouble(ref StemWord word)
    {
        if (word.EndsWith("kk") || word.EndsWith("dd") || word.EndsWith("tt"))
            word.Cut(1);
    }

    /// <summary>maan → man: consonant, doubled vowel, consonant.</summary>
    private static void UndoubleVowel(ref StemWord word)
    {
        char last = word.Last(1), vowel = word.Last(2);
        if (word.Length < 4 || IsVowel(last) || last == 'I' || vowel != word.Last(3) || !"aeou".Contains(vowel) || IsVowel(word.Last(4)))
            return;
        word.Replace(2, [last]);
    }

    private static bool IsVowel(char letter) => Vowels.Contains(letter);
}
