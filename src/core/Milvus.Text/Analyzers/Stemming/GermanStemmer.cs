namespace Milvus.Text.Analyzers.Stemming;

/// <summary>German (snowballstem.org/algorithms/german/stemmer.html).</summary>
internal sealed class GermanStemmer : Stemmer
{
    private const string Vowels = "aeiouyäöü";
    private static readonly SuffixTable s_inflections = new("em ern er", "e en es", "s");
    private static readonly SuffixTable s_comparisons = new("en er est", "st");
    private static readonly SuffixTable s_derivations = new("end ung", "ig ik isch", "lich heit", "keit");

    public override void Stem(ref StemWord word)
    {
        for (int i = 0; i < word.Length; i++)
        {
            if (word[i] == 'ß')
                word.Replace(i, 1, "ss");
        }
        word.MarkBetweenVowels('u', 'U', Vowels);
        word.MarkBetweenVowels('y', 'Y', Vowels);
        // The word may have grown: regions start out empty.
        word.Rv = word.R1 = word.R2 = word.Length;
        word.MarkR1R2(Vowels, 3);
        Inflection(ref word);
        Comparison(ref word);
        Derivation(ref word);
        word.Exchange("YUäöü", "yuaou");
    }

    private static void Inflection(ref StemWord word)
    {
        int group = s_inflections.Find(in word, out int length);
        if (group < 0 || !word.InR1(length) || group == 2 && !"bdfghklmnrt".Contains(word.Last(2)))
            return;
        word.Cut(length);
        if (group == 1 && word.EndsWith("niss"))
            word.Cut(1);
    }

    private static void Comparison(ref StemWord word)
    {
        int group = s_comparisons.Find(in word, out int length);
        if (group >= 0 && word.InR1(length) && (group == 0 || word.Length >= 6 && "bdfghklmnt".Contains(word.Last(3))))
            word.Cut(length);
    }

    private static void Derivation(ref StemWord word)
    {
        int group = s_derivations.Find(in word, out int length);
        if (group < 0 || !word.InR2(length) || group == 1 && word.Last(length + 1) == 'e')
            return;
        word.Cut(length);
        switch (group)
        {
            case 0 when word.EndsWith("ig") && word.Last(3) != 'e' && word.InR2(2):
                word.Cut(2);
                break;
            case 2 when (word.EndsWith("er") || word.EndsWith("en")) && word.InR1(2):
                word.Cut(2);
                break;
            case 3:
                if (word.EndsWith("lich"))
                    word.CutEnd("lich", word.R2);
                else
                    word.CutEnd("ig", word.R2);
                break;
        }
    }
}
