using System.Buffers;

namespace Milvus.Text.Analyzers.Chinese;

/// <summary>
/// Cuts runs of Han characters into the most probable sequence of dictionary words: the cheapest path through the graph of all words that
/// occur, where a common word costs less than a rare one and a character outside the dictionary costs most. Immutable and thread-safe.
/// </summary>
internal sealed class ChineseSegmenter
{
    // Negative logarithms of word frequencies, coarse: only their order and their sums matter.
    private const float UserCost = 2;
    private const float EverydayCost = 8;
    private const float TopicalCost = 9;
    private const float SingleCost = 7;
    private const float UnknownCost = 13;

    private readonly Dictionary<string, float> _words = new(StringComparer.Ordinal);
    private readonly int _longest = 1;

    /// <param name="userWords">Words that win over all others.</param>
    /// <param name="withDefault">Takes the built-in words too.</param>
    public ChineseSegmenter(IEnumerable<string> userWords, bool withDefault)
    {
        if (withDefault)
        {
            Add(CommonWords.Single, SingleCost);
            Add(CommonWords.Topical, TopicalCost);
            Add(CommonWords.Everyday, EverydayCost);
        }
        foreach (string word in userWords)
            _words[word] = UserCost;
        foreach (string word in _words.Keys)
            _longest = Math.Max(_longest, word.Length);
    }

    /// <summary>The built-in words only.</summary>
    public static ChineseSegmenter Default { get; } = new([], withDefault: true);

    public bool Contains(ReadOnlySpan<char> word) => _words.GetAlternateLookup<ReadOnlySpan<char>>().ContainsKey(word);

    /// <summary>Cuts a run of Han characters.</summary>
    /// <param name="run">BMP characters.</param>
    /// <param name="lengths">At least as long as the run: at the start of every word its length, elsewhere anything.</param>
    public void Cut(ReadOnlySpan<char> run, Span<int> lengths)
    {
        Dictionary<string, float>.AlternateLookup<ReadOnlySpan<char>> words = _words.GetAlternateLookup<ReadOnlySpan<char>>();
        float[] costs = ArrayPool<float>.Shared.Rent(run.Length + 1);
        try
        {
            costs[run.Length] = 0;
            for (int start = run.Length - 1; start >= 0; start--)
            {
                float best = (words.TryGetValue(run.Slice(start, 1), out float cost) ? cost : UnknownCost) + costs[start + 1];
                lengths[start] = 1;
                for (int length = 2; length <= _longest && start + length <= run.Length; length++)
                {
                    if (words.TryGetValue(run.Slice(start, length), out cost) && cost + costs[start + length] < best)
                    {
                        best = cost + costs[start + length];
                        lengths[start] = length;
                    }
                }
                costs[start] = best;
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(costs);
        }
    }

    private void Add(string words, float cost)
    {
        foreach (string word in words.Split(' '))
            _words[word] = cost;
    }
}
