using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// 4-bit indexes of rows in blocks of 32 rows of one list, as <see cref="NibbleScan"/> reads them, with a few numbers per row beside.
/// A list's last block may be partly empty.
/// </summary>
internal sealed unsafe class NibbleBlocks
{
    private readonly int[] _firstBlock;
    private readonly PinnedBuffer _codes;
    private readonly PinnedBuffer _terms;
    private readonly int _rowTerms;

    /// <param name="groups">Indexes per row and plane.</param>
    /// <param name="planes">Sets of indexes per row.</param>
    /// <param name="rowTerms">Numbers per row.</param>
    /// <param name="source">Where they come from, which then are only read; null for blocks to be filled.</param>
    public NibbleBlocks(IvfLists lists, int groups, int planes, int rowTerms, PayloadReader? source = null)
    {
        Groups = groups;
        Planes = planes;
        PlaneBytes = NibbleTables.Pad(groups) * NibbleScan.GroupBytes;
        _rowTerms = rowTerms;
        _firstBlock = new int[lists.Count + 1];
        for (int list = 0; list < lists.Count; list++)
            _firstBlock[list + 1] = _firstBlock[list] + ((lists.Size(list) + NibbleScan.Vectors - 1) / NibbleScan.Vectors);
        _codes = Part((long)_firstBlock[^1] * planes * PlaneBytes, source);
        _terms = Part((long)_firstBlock[^1] * rowTerms * NibbleScan.Vectors * sizeof(float), source);
    }

    public int Groups { get; }

    public int Planes { get; }

    /// <summary>Bytes of one plane of a block.</summary>
    public int PlaneBytes { get; }

    public long MemoryBytes => _codes.MemoryBytes + _terms.MemoryBytes + ((long)_firstBlock.Length * sizeof(int));

    public int BytesPerRow => (Planes * PlaneBytes / NibbleScan.Vectors) + (_rowTerms * sizeof(float));

    public long PayloadBytes => _codes.Length + _terms.Length;

    /// <summary>The planes of a block, one behind the other.</summary>
    public byte* Codes(int block) => _codes.Pointer + ((nint)block * Planes * PlaneBytes);

    /// <summary>Numbers of a block: for each term those of its 32 rows.</summary>
    public float* Terms(int block) => (float*)_terms.Pointer + ((nint)block * _rowTerms * NibbleScan.Vectors);

    /// <summary>The first block of a list; the number of lists gives the end.</summary>
    public int First(int list) => _firstBlock[list];

    /// <summary>Stores the index of a group; it must not have been set.</summary>
    public void Set(int block, int lane, int plane, int group, int index)
    {
        byte* at = Codes(block) + ((nint)plane * PlaneBytes) + (group * NibbleScan.GroupBytes) + (lane & 15);
        *at |= (byte)(index << (lane < 16 ? 0 : 4));
    }

    public void SetTerm(int block, int lane, int term, float value) => Terms(block)[(term * NibbleScan.Vectors) + lane] = value;

    public void Write(PayloadWriter writer)
    {
        writer.WritePart(_codes.Span);
        writer.WritePart(_terms.Span);
        GC.KeepAlive(this);
    }

    /// <exception cref="IntegrityException">A number beside the rows is none.</exception>
    public void Check(string sourceName) =>
        IvfFile.CheckFinite(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(_terms.Span), sourceName);

    private static PinnedBuffer Part(long bytes, PayloadReader? source)
    {
        if (source is not null)
            return source.TakePart(bytes);
        var empty = new PinnedBuffer(bytes);
        empty.Span.Clear();
        return empty;
    }
}
