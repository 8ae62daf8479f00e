using System.Text;

namespace Milvus.Bench;

/// <summary>Documents of words whose frequencies follow Zipf's law, from a fixed seed.</summary>
internal sealed class Corpus
{
    private const int Vocabulary = 200_000;
    private const int MinWords = 20;
    private const int MaxWords = 180;
    private readonly Random _random = new(42);
    private readonly double[] _cumulated = new double[Vocabulary];
    private readonly string[] _words = new string[Vocabulary];

    public Corpus()
    {
        double sum = 0;
        for (var rank = 0; rank < Vocabulary; rank++)
        {
            sum += 1.0 / (rank + 3);
            _cumulated[rank] = sum;
            _words[rank] = Spell(rank);
        }
        for (var rank = 0; rank < Vocabulary; rank++) _cumulated[rank] /= sum;
    }

    /// <summary>One document, 100 words in the mean.</summary>
    public string Document()
    {
        var text = new StringBuilder();
        for (var left = _random.Next(MinWords, MaxWords + 1); left > 0; left--) text.Append(_words[Rank()]).Append(' ');
        return text.ToString();
    }

    /// <summary>A query of words as they occur in documents: mostly frequent ones.</summary>
    public string Query(int words) => string.Join(' ', Enumerable.Range(0, words).Select(_ => _words[Rank()]));

    private int Rank()
    {
        var at = Array.BinarySearch(_cumulated, _random.NextDouble());
        return Math.Min(Vocabulary - 1, at < 0 ? ~at : at);
    }

    // Syllables, so that words are of natural length and none is part of another's spelling rule.
    private static string Spell(int rank)
    {
        const string consonants = "bdfgklmnprstvz", vowels = "aeiou";
        var word = new StringBuilder();
        for (var rest = rank + 70; rest > 0; rest /= 70) word.Append(consonants[rest % 14]).Append(vowels[rest / 14 % 5]);
        return word.ToString();
    }
}
