using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Milvus.Model;
using Milvus.Text.Analyzers;

namespace Milvus.Text.Bm25;

/// <summary>
/// The BM25 function: a text becomes the sparse vector of its term frequencies, in the sparse row encoding (pairs of uint32 index and
/// float32 value, little-endian, ascending). Indexes are <see cref="TermHash"/>es; terms that share a hash count as one. The values of
/// a row add up to the document's length in tokens. Immutable and thread-safe.
/// </summary>
public sealed class Bm25Function
{
    [ThreadStatic]
    private static HashSink? t_sink;

    private readonly Analyzer _analyzer;
    private readonly MultiAnalyzer? _multi;

    public Bm25Function(Analyzer analyzer) => _analyzer = analyzer;

    /// <param name="analyzers">Chosen per document by name.</param>
    public Bm25Function(MultiAnalyzer analyzers)
    {
        _multi = analyzers;
        _analyzer = analyzers.Select(null);
    }

    /// <summary>Appends the row of one text.</summary>
    /// <param name="analyzerName">With several analyzers: which; null or unknown is the default one.</param>
    /// <returns>Tokens of the text.</returns>
    public int Embed(ReadOnlySpan<byte> utf8, IBufferWriter<byte> row, string? analyzerName = null)
    {
        HashSink sink = t_sink ??= new HashSink();
        sink.Count = 0;
        (_multi?.Select(analyzerName) ?? _analyzer).Analyze(utf8, sink);
        Span<uint> hashes = sink.Hashes.AsSpan(0, sink.Count);
        hashes.Sort();
        for (int start = 0, end; start < hashes.Length; start = end)
        {
            uint hash = hashes[start];
            for (end = start + 1; end < hashes.Length && hashes[end] == hash; end++)
            {
            }
            Span<byte> pair = row.GetSpan(8);
            BinaryPrimitives.WriteUInt32LittleEndian(pair, hash);
            BinaryPrimitives.WriteSingleLittleEndian(pair[4..], end - start);
            row.Advance(8);
        }
        return sink.Count;
    }

    /// <summary>The row of a query or document given as a string.</summary>
    public byte[] Embed(string text, string? analyzerName = null)
    {
        var row = new ArrayBufferWriter<byte>();
        Embed(Encoding.UTF8.GetBytes(text), row, analyzerName);
        return row.WrittenSpan.ToArray();
    }

    /// <summary>Has what <see cref="Embed(BinaryColumn, BinaryColumn?)"/> needs of services ready; nothing for analyzers that ask none.</summary>
    /// <exception cref="MilvusException">2400: a service failed.</exception>
    public async ValueTask PrepareAsync(BinaryColumn texts, BinaryColumn? analyzerNames = null, CancellationToken cancellation = default)
    {
        if (!AsksService)
            return;
        IEnumerable<int> present = Enumerable.Range(0, texts.Count).Where(row => !texts.IsNull(row));
        foreach (IGrouping<Analyzer, int> rows in present.GroupBy(row => AnalyzerOf(row, analyzerNames)))
            await rows.Key.PrepareAsync([.. rows.Select(texts.GetString)], cancellation).ConfigureAwait(false);
    }

    /// <summary>The same for the texts of queries.</summary>
    /// <exception cref="MilvusException">2400: a service failed.</exception>
    public ValueTask PrepareAsync(IReadOnlyList<string> texts, string? analyzerName, CancellationToken cancellation = default) =>
        (_multi?.Select(analyzerName) ?? _analyzer).PrepareAsync(texts, cancellation);

    /// <summary>The output column of an input column: one sparse row per text, empty for nulls and texts without tokens.</summary>
    /// <param name="analyzerNames">With several analyzers: the column that names each row's.</param>
    public BinaryColumn Embed(BinaryColumn texts, BinaryColumn? analyzerNames = null)
    {
        var data = new ArrayBufferWriter<byte>();
        var offsets = new int[texts.Count + 1];
        for (int row = 0; row < texts.Count; row++)
        {
            if (!texts.IsNull(row))
                Embed(texts[row], data, NameAt(row, analyzerNames));
            offsets[row + 1] = data.WrittenCount;
        }
        return new BinaryColumn(DataType.SparseFloatVector, offsets, data.WrittenMemory);
    }

    private bool AsksService => _multi?.AsksService ?? _analyzer.AsksService;

    private string? NameAt(int row, BinaryColumn? names) => _multi is null || names is null || names.IsNull(row) ? null : names.GetString(row);

    private Analyzer AnalyzerOf(int row, BinaryColumn? names) => _multi?.Select(NameAt(row, names)) ?? _analyzer;

    private sealed class HashSink : TokenSink
    {
        public uint[] Hashes { get; private set; } = new uint[256];

        public int Count { get; set; }

        public override bool Accept(scoped in AnalyzedToken token)
        {
            if (Count == Hashes.Length)
            {
                uint[] larger = new uint[Count * 2];
                Hashes.CopyTo(larger, 0);
                Hashes = larger;
            }
            Hashes[Count++] = TermHash.Of(token.Text);
            return true;
        }
    }
}
