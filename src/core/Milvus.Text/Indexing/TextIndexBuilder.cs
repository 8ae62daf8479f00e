using Milvus.Text.Analyzers;

namespace Milvus.Text.Indexing;

/// <summary>Collects the terms of a segment's documents row by row. Single-threaded; <see cref="Build"/> ends it.</summary>
public sealed class TextIndexBuilder
{
    private const int ChunkPostings = 1 << 16;

    private readonly Analyzer _analyzer;
    private readonly TermTable _terms = new();
    private readonly List<Posting[]> _chunks = [];
    private readonly RowSink _sink;
    private Chain[] _chains = new Chain[64];
    private int _postings;
    private int _nextRow;

    public TextIndexBuilder(Analyzer analyzer)
    {
        _analyzer = analyzer;
        _sink = new RowSink(this);
    }

    /// <summary>Takes the document of a row; rows without one (nulls) are left out.</summary>
    /// <param name="row">Greater than all rows before.</param>
    /// <param name="document">UTF-8.</param>
    public void Add(int row, ReadOnlySpan<byte> document)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(row, _nextRow);
        _sink.Row = row;
        _analyzer.Analyze(document, _sink);
        _nextRow = row + 1;
    }

    /// <summary>The finished index over rows 0…<paramref name="rowCount"/>−1.</summary>
    public TextIndex Build(int rowCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rowCount, _nextRow);
        int[] order = [.. Enumerable.Range(0, _terms.Count)];
        order.AsSpan().Sort((a, b) => _terms[a].SequenceCompareTo(_terms[b]));
        var termBytes = new byte[_terms.ByteCount];
        var termEnds = new int[order.Length];
        var postingEnds = new int[order.Length];
        var counts = new int[order.Length];
        var rows = new PostingWriter(_postings);
        int at = 0;
        for (int i = 0; i < order.Length; i++)
        {
            _terms[order[i]].CopyTo(termBytes.AsSpan(at));
            termEnds[i] = at += _terms[order[i]].Length;
            Chain chain = _chains[order[i]];
            rows.StartList();
            for (int posting = chain.First; posting != 0; posting = At(posting).Next)
                rows.Write(At(posting).Row);
            postingEnds[i] = rows.Length;
            counts[i] = chain.Count;
        }
        return new TextIndex(rowCount, termBytes, termEnds, rows.ToArray(), postingEnds, counts);
    }

    private void Append(int row, ReadOnlySpan<byte> term)
    {
        int number = _terms.Add(term);
        if (number >= _chains.Length)
            Array.Resize(ref _chains, _chains.Length * 2);
        ref Chain chain = ref _chains[number];
        if (chain.Count > 0 && At(chain.Last).Row == row)
            return;
        if (_postings % ChunkPostings == 0)
            _chunks.Add(new Posting[ChunkPostings]);
        // Numbered from 1, so that 0 ends a chain.
        int posting = checked(++_postings);
        At(posting).Row = row;
        if (chain.Count++ == 0)
            chain.First = posting;
        else
            At(chain.Last).Next = posting;
        chain.Last = posting;
    }

    private ref Posting At(int posting) => ref _chunks[(posting - 1) / ChunkPostings][(posting - 1) % ChunkPostings];

    private struct Posting
    {
        public int Row;
        public int Next;
    }

    private struct Chain
    {
        public int First;
        public int Last;
        public int Count;
    }

    private sealed class RowSink(TextIndexBuilder builder) : TokenSink
    {
        public int Row { get; set; }

        public override bool Accept(scoped in AnalyzedToken token)
        {
            builder.Append(Row, token.Text);
            return true;
        }
    }
}
