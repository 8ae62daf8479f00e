using Milvus.Expressions.Matching;
using Milvus.Expressions.Predicates;
using Milvus.Model;
using Milvus.Text.Analyzers;
using Milvus.Text.Indexing;

namespace Milvus.Expressions.Indexes;

/// <summary>
/// The terms of an analysed column with the rows that have each. Answers text_match, and narrows phrase_match to the rows that have all
/// words. Made from the column by whoever holds it, not stored.
/// </summary>
internal sealed class AnalyzedTextIndex(TextIndex terms, ulong[]? known) : ScalarIndex(new ScalarIndexSpec(ScalarIndexKind.Text), terms.RowCount, known)
{
    private const long NanosecondsPerPosting = 3;

    public override long MemoryBytes => terms.MemoryBytes + (Known?.LongLength ?? 0) * sizeof(ulong);

    /// <summary>Analyses a whole column.</summary>
    /// <param name="field">A VarChar or Text field with an analyzer.</param>
    /// <param name="blocks">Its values in order.</param>
    public static AnalyzedTextIndex Build(FieldSchema field, IEnumerable<Column> blocks, int rowCount)
    {
        var builder = new TextIndexBuilder(Analyzer.Parse(field.Param("analyzer_params")));
        ulong[]? known = null;
        var row = 0;
        foreach (var block in blocks)
        {
            var values = (BinaryColumn)block;
            for (var i = 0; i < values.Count && row < rowCount; i++, row++)
            {
                if (!values.IsNull(i))
                {
                    builder.Add(row, values[i]);
                    if (known is not null) known[row >> 6] |= 1UL << row;
                    continue;
                }
                known ??= AllBelow(row, rowCount);
            }
        }
        return new AnalyzedTextIndex(builder.Build(rowCount), known);
    }

    internal override IndexProbe? Plan(Leaf leaf)
    {
        if (leaf is not TextTestLeaf { Column.IsPlain: true, Matcher: AnalyzedTest { Matcher: IIndexedTextMatcher matcher } }) return null;
        var rows = Math.Min(RowCount, matcher.MaxRows(terms));
        return new Probe(this, matcher)
        {
            IsExact = matcher.IsExact,
            Rows = rows,
            Cost = 1000 + NanosecondsPerPosting * matcher.Postings(terms) + (matcher.Counts ? RowCount : 0),
        };
    }

    internal override IReadOnlyList<ReadOnlyMemory<byte>> Sections() => throw new NotSupportedException("indexes of analysed text are not stored");

    private static ulong[] AllBelow(int row, int rowCount)
    {
        var words = new ulong[Validity.WordCount(rowCount)];
        words.AsSpan(0, row >> 6).Fill(ulong.MaxValue);
        if ((row & 63) != 0) words[row >> 6] = (1UL << row) - 1;
        return words;
    }

    private sealed class Probe(AnalyzedTextIndex index, IIndexedTextMatcher matcher) : IndexProbe(index)
    {
        private readonly TextIndex _terms = index.Terms;

        public override void Mark(Span<ulong> rows) => matcher.Mark(_terms, rows);
    }

    private TextIndex Terms => terms;
}
