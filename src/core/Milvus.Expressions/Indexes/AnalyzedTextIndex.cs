using Milvus.Expressions.Matching;
using Milvus.Expressions.Predicates;
using Milvus.Model;
using Milvus.Text.Analyzers;
using Milvus.Text.Indexing;

namespace Milvus.Expressions.Indexes;

/// <summary>
/// The terms of an analysed column with the rows that have each. Answers text_match, and narrows phrase_match to the rows that have all
/// words. Made from the column by whoever holds it; its terms may be kept in a file, so that the texts need not be analysed again.
/// </summary>
internal sealed class AnalyzedTextIndex(TextIndex terms, ulong[]? known) : ScalarIndex(new ScalarIndexSpec(ScalarIndexKind.Text), terms.RowCount, known)
{
    private const long NanosecondsPerPosting = 3;
    private const int PreparedRows = 256;

    public override long MemoryBytes => terms.MemoryBytes + (Known?.LongLength ?? 0) * sizeof(ulong);

    /// <summary>Analyses a whole column.</summary>
    /// <param name="field">A VarChar or Text field with an analyzer.</param>
    /// <param name="blocks">Its values in order.</param>
    public static AnalyzedTextIndex Build(FieldSchema field, IEnumerable<Column> blocks, int rowCount)
    {
        var analyzer = Analyzer.Parse(field.Param("analyzer_params"));
        var builder = new TextIndexBuilder(analyzer);
        var row = 0;
        foreach (var block in blocks)
        {
            var values = (BinaryColumn)block;
            for (var i = 0; i < values.Count && row < rowCount; i++, row++)
            {
                if (analyzer.AsksService && i % PreparedRows == 0) Prepare(analyzer, values, i, Math.Min(PreparedRows, rowCount - row));
                if (!values.IsNull(i)) builder.Add(row, values[i]);
            }
        }
        return new AnalyzedTextIndex(builder.Build(rowCount), KnownOf(blocks, rowCount));
    }

    /// <summary>Writes the terms.</summary>
    public void Save(Stream target) => TextIndexFile.Save(terms, target);

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="blocks">The column that it was made from.</param>
    /// <exception cref="IntegrityException">Damaged, or over another number of rows.</exception>
    public static AnalyzedTextIndex Load(Stream source, string sourceName, IEnumerable<Column> blocks, int rowCount)
    {
        var terms = TextIndexFile.Load(source, sourceName);
        if (terms.RowCount != rowCount) throw new IntegrityException(sourceName, $"has the terms of {terms.RowCount} rows instead of {rowCount}");
        return new AnalyzedTextIndex(terms, KnownOf(blocks, rowCount));
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

    // A service is asked about many texts at a time; whoever makes an index waits for it anyway.
    private static void Prepare(Analyzer analyzer, BinaryColumn values, int from, int count)
    {
        string[] texts = [.. Enumerable.Range(from, Math.Min(count, values.Count - from)).Where(i => !values.IsNull(i)).Select(values.GetString)];
        analyzer.PrepareAsync(texts).AsTask().GetAwaiter().GetResult();
    }

    /// <summary>The rows that have a text; null when all do.</summary>
    private static ulong[]? KnownOf(IEnumerable<Column> blocks, int rowCount)
    {
        ulong[]? known = null;
        var row = 0;
        foreach (var block in blocks)
        {
            for (var i = 0; i < block.Count && row < rowCount; i++, row++)
            {
                if (block.IsNull(i)) known ??= AllBelow(row, rowCount);
                else if (known is not null) known[row >> 6] |= 1UL << row;
            }
        }
        return known;
    }

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
