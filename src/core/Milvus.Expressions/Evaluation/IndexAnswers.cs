using System.Buffers;
using Milvus.Expressions.Predicates;

namespace Milvus.Expressions.Evaluation;

/// <summary>Answers that indexes gave for tests of one filter, for all rows of the segment.</summary>
internal sealed class IndexAnswers : IDisposable
{
    // Tests are records: equal ones may stand twice in a filter, each with an answer of its own or none.
    private readonly Dictionary<Leaf, IndexAnswer> _answers = new(ReferenceEqualityComparer.Instance);

    public int Count => _answers.Count;

    public void Add(Leaf leaf, IndexAnswer answer) => _answers[leaf] = answer;

    public IndexAnswer? Find(Leaf leaf) => _answers.GetValueOrDefault(leaf);

    /// <summary>Gives the bitmaps back; nobody may look at an answer afterwards.</summary>
    public void Dispose()
    {
        foreach (var answer in _answers.Values) ArrayPool<ulong>.Shared.Return(answer.Rows);
        _answers.Clear();
    }
}

/// <param name="Rows">Rented: rows for which the test is true; when not exact, some for which it is not.</param>
/// <param name="Known">Rows for which the test is not unknown; null for all.</param>
internal sealed record IndexAnswer(ulong[] Rows, ulong[]? Known, bool IsExact)
{
    /// <summary>Clears the bits of rows that do not pass.</summary>
    /// <param name="firstWord">Where in the segment the rows start.</param>
    public void Apply(Span<ulong> rows, int firstWord, bool negated)
    {
        var isTrue = Rows.AsSpan(firstWord, rows.Length);
        if (!negated)
        {
            for (var i = 0; i < rows.Length; i++) rows[i] &= isTrue[i];
            return;
        }
        for (var i = 0; i < rows.Length; i++) rows[i] &= ~isTrue[i];
        if (Known is null) return;
        var known = Known.AsSpan(firstWord, rows.Length);
        for (var i = 0; i < rows.Length; i++) rows[i] &= known[i];
    }
}
