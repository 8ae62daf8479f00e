using System.Buffers;
using Milvus.Text.Matching;

namespace Milvus.Text.Indexing;

/// <summary>
/// The terms of one segment's documents and the rows that contain each: answers text_match without reading documents. Immutable, safe for
/// any number of threads. The matchers must use the analyzer that the index was built with.
/// </summary>
public sealed class TextIndex
{
    internal TextIndex(int rowCount, byte[] termBytes, int[] termEnds, byte[] postings, int[] postingEnds, int[] counts)
    {
        RowCount = rowCount;
        TermBytes = termBytes;
        TermEnds = termEnds;
        Postings = postings;
        PostingEnds = postingEnds;
        Counts = counts;
    }

    /// <summary>Rows covered: 0…RowCount−1, those without document included.</summary>
    public int RowCount { get; }

    /// <summary>Distinct terms.</summary>
    public int TermCount => TermEnds.Length;

    public long MemoryBytes => TermBytes.LongLength + Postings.LongLength + (12L * TermEnds.Length);

    // Terms ascending by their bytes; term i ends at TermEnds[i], its rows at PostingEnds[i].
    internal byte[] TermBytes { get; }

    internal int[] TermEnds { get; }

    internal byte[] Postings { get; }

    internal int[] PostingEnds { get; }

    internal int[] Counts { get; }

    /// <summary>Rows that contain a term of the dictionary.</summary>
    /// <param name="term">UTF-8, as the analyzer makes it.</param>
    public int RowsWith(ReadOnlySpan<byte> term) => Find(term) is >= 0 and int number ? Counts[number] : 0;

    /// <summary>Rows that can match at most, not counting rows twice only by chance.</summary>
    public long MaxRows(TextMatcher matcher)
    {
        if (matcher.MatchesNothing)
            return 0;
        long clauses = 0;
        for (int term = 0; term < matcher.Query.Terms.Count; term++)
            clauses += (long)matcher.Query.Clauses[term] * RowsWith(matcher.Query.Terms[term]);
        return Math.Min(RowCount, clauses / matcher.MinimumShouldMatch);
    }

    /// <summary>Rows that can match at most: those with the phrase's rarest word.</summary>
    public long MaxRows(PhraseMatcher matcher)
    {
        long rarest = matcher.Query.Sequence.Length == 0 ? 0 : RowCount;
        for (int term = 0; term < matcher.Query.Terms.Count; term++)
            rarest = Math.Min(rarest, RowsWith(matcher.Query.Terms[term]));
        return rarest;
    }

    /// <summary>Entries of the lists of a query's terms.</summary>
    public long PostingsOf(TextMatcher matcher) => PostingsOf(matcher.Query);

    /// <summary>Entries of the lists of a phrase's terms.</summary>
    public long PostingsOf(PhraseMatcher matcher) => PostingsOf(matcher.Query);

    private long PostingsOf(QueryTerms query)
    {
        long postings = 0;
        for (int term = 0; term < query.Terms.Count; term++)
            postings += RowsWith(query.Terms[term]);
        return postings;
    }

    /// <summary>Sets the bit of every row that matches.</summary>
    /// <param name="matcher">The predicate.</param>
    /// <param name="rows">Bit r % 64 of word r / 64 is row r; at least <see cref="RowCount"/> bits.</param>
    public void Match(TextMatcher matcher, Span<ulong> rows)
    {
        CheckLength(rows);
        if (matcher.MatchesNothing)
            return;
        if (matcher.MinimumShouldMatch == 1)
            AddRowsWithAny(matcher.Query, rows);
        else
            AddRowsWithEnough(matcher.Query, matcher.MinimumShouldMatch, rows);
    }

    /// <summary>
    /// Sets the bit of every row that contains all tokens of a phrase. A superset of the phrase's matches, equal to them for a phrase of
    /// one token; their documents decide.
    /// </summary>
    public void Candidates(PhraseMatcher matcher, Span<ulong> rows)
    {
        CheckLength(rows);
        QueryTerms query = matcher.Query;
        if (query.Sequence.Length > 0)
            AddRowsWithEnough(query, query.Sequence.Length, rows);
    }

    private void AddRowsWithAny(QueryTerms query, Span<ulong> rows)
    {
        for (int term = 0; term < query.Terms.Count; term++)
        {
            for (PostingReader reader = Rows(Find(query.Terms[term])); reader.Read();)
                rows[reader.Row >> 6] |= 1UL << reader.Row;
        }
    }

    private void AddRowsWithEnough(QueryTerms query, int minimum, Span<ulong> rows)
    {
        int[] clauses = ArrayPool<int>.Shared.Rent(RowCount);
        try
        {
            clauses.AsSpan(0, RowCount).Clear();
            for (int term = 0; term < query.Terms.Count; term++)
            {
                int weight = query.Clauses[term];
                for (PostingReader reader = Rows(Find(query.Terms[term])); reader.Read();)
                    clauses[reader.Row] += weight;
            }
            for (int row = 0; row < RowCount; row++)
            {
                if (clauses[row] >= minimum)
                    rows[row >> 6] |= 1UL << row;
            }
        }
        finally
        {
            ArrayPool<int>.Shared.Return(clauses);
        }
    }

    private PostingReader Rows(int number) =>
        number < 0 ? default : new PostingReader(Postings.AsSpan(Start(PostingEnds, number), PostingEnds[number] - Start(PostingEnds, number)));

    private int Find(ReadOnlySpan<byte> term)
    {
        int low = 0, high = TermEnds.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            int start = Start(TermEnds, middle);
            int order = TermBytes.AsSpan(start, TermEnds[middle] - start).SequenceCompareTo(term);
            if (order == 0)
                return middle;
            if (order < 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return -1;
    }

    internal static int Start(int[] ends, int number) => number == 0 ? 0 : ends[number - 1];

    private void CheckLength(Span<ulong> rows) => ArgumentOutOfRangeException.ThrowIfLessThan(rows.Length, (RowCount + 63) >> 6, nameof(rows));
}
