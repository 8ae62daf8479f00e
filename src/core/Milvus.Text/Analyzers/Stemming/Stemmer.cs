namespace Milvus.Text.Analyzers.Stemming;

/// <summary>
/// Reduces a lower-case word to its stem by the rules that snowballstem.org describes for a language, as they stood in 2019 (release 2.0),
/// which is what Milvus' stemmers follow. Stateless.
/// </summary>
internal abstract class Stemmer
{
    /// <summary>Letters that a word may grow by at most while it is stemmed, per letter.</summary>
    public const int MaxGrowth = 2;

    /// <summary>Works on the word in place; its buffer holds twice its letters.</summary>
    public abstract void Stem(ref StemWord word);

    /// <summary>Cuts the longest of the suffixes that the word ends with, if it lies in R2.</summary>
    /// <returns>Its group, or -1 when nothing was cut.</returns>
    protected static int CutInR2(ref StemWord word, SuffixTable suffixes)
    {
        int group = suffixes.Find(in word, out int length);
        if (group < 0 || !word.InR2(length))
            return -1;
        word.Cut(length);
        return group;
    }

    /// <returns>Null for a language without a stemmer here.</returns>
    public static Stemmer? Find(string language) => language switch
    {
        "arabic" => new ArabicStemmer(),
        "danish" => new DanishStemmer(),
        "dutch" => new DutchStemmer(),
        "finnish" => new FinnishStemmer(),
        "french" => new FrenchStemmer(),
        "german" => new GermanStemmer(),
        "greek" => new GreekStemmer(),
        "hungarian" => new HungarianStemmer(),
        "italian" => new ItalianStemmer(),
        "norwegian" => new NorwegianStemmer(),
        "portuguese" => new PortugueseStemmer(),
        "romanian" => new RomanianStemmer(),
        "russian" => new RussianStemmer(),
        "spanish" => new SpanishStemmer(),
        "swedish" => new SwedishStemmer(),
        "tamil" => new TamilStemmer(),
        "turkish" => new TurkishStemmer(),
        _ => null,
    };
}
