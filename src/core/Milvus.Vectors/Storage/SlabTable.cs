namespace Milvus.Vectors;

/// <summary>
/// A growing list of pinned slabs with a raw pointer table beside it. Slabs never move; when the table itself grows, the older
/// tables stay alive, so a reader may keep using a table pointer it took earlier. Single writer.
/// </summary>
internal sealed unsafe class SlabTable
{
    private readonly List<PinnedBuffer> _slabs = [];
    private readonly List<PinnedBuffer> _tables = [NewTable(1)];

    /// <summary>Entry i is the address of slab i; taken after the row count it is used for was read.</summary>
    public nint* Entries => (nint*)Volatile.Read(ref _entries);

    public int Count => _slabs.Count;

    public PinnedBuffer this[int slab] => _slabs[slab];

    private nint _entries;

    public SlabTable() => _entries = (nint)_tables[0].Pointer;

    public void Add(PinnedBuffer slab)
    {
        int capacity = _tables[^1].Length / sizeof(nint);
        if (_slabs.Count == capacity)
        {
            PinnedBuffer larger = NewTable(capacity * 2);
            _tables[^1].Span.CopyTo(larger.Span);
            _tables.Add(larger);
        }

        ((nint*)_tables[^1].Pointer)[_slabs.Count] = (nint)slab.Pointer;
        _slabs.Add(slab);
        Volatile.Write(ref _entries, (nint)_tables[^1].Pointer);
    }

    private static PinnedBuffer NewTable(int slabs) => new((long)slabs * sizeof(nint));
}
