namespace Milvus.TestKit.Disk;

/// <summary>
/// One file's bytes: as programs see them, as they are on the platter, and the operations between the two. Not thread-safe.
/// </summary>
internal sealed class SimulatedFile
{
    private const int SectorBytes = 512;

    private readonly List<PendingOperation> _pending = [];
    private readonly Content _visible = new();
    private readonly Content _durable = new();

    public SimulatedFile(ReadOnlySpan<byte> content) => Damage(content);

    public ReadOnlySpan<byte> Visible => _visible.Bytes;

    public void Write(long offset, ReadOnlySpan<byte> bytes) => Apply(new PendingOperation((int)offset, bytes.ToArray(), 0));

    public void SetLength(long length) => Apply(new PendingOperation(-1, [], (int)length));

    public void Sync()
    {
        foreach (var operation in _pending)
            operation.ApplyTo(_durable);
        _pending.Clear();
    }

    /// <summary>The operating system gave up on writing: some sectors got through, and it will not try the others again.</summary>
    public void FailSync(Random random)
    {
        var torn = Tear(random);
        _durable.Replace(torn);
        _pending.Clear();
    }

    /// <summary>What a power cut leaves: each sector as of some moment since the last sync, the length likewise.</summary>
    public byte[] Tear(Random random)
    {
        var torn = new byte[TornLength(random)];
        _durable.Bytes[..Math.Min(_durable.Bytes.Length, torn.Length)].CopyTo(torn);
        foreach (var (sector, operations) in OperationsBySector())
        {
            var survivors = random.Next(operations.Count + 1);
            foreach (var operation in operations.Take(survivors))
                operation.ApplyTo(torn, sector * SectorBytes, (sector + 1) * SectorBytes);
        }
        return torn;
    }

    /// <summary>Replaces everything, on the platter too.</summary>
    public void Damage(ReadOnlySpan<byte> content)
    {
        _visible.Replace(content);
        _durable.Replace(content);
        _pending.Clear();
    }

    // The file may also have grown by a part of an operation, but is never longer than it once was nor shorter.
    private int TornLength(Random random)
    {
        var lengths = new List<int> { _durable.Bytes.Length };
        foreach (var operation in _pending)
            lengths.Add(operation.LengthAfter(lengths[^1]));
        return random.Next(2) == 0 ? lengths[random.Next(lengths.Count)] : random.Next(lengths.Min(), lengths.Max() + 1);
    }

    private SortedDictionary<int, List<PendingOperation>> OperationsBySector()
    {
        var bySector = new SortedDictionary<int, List<PendingOperation>>();
        var length = _durable.Bytes.Length;
        foreach (var operation in _pending)
        {
            var (start, end) = operation.Extent(length);
            length = operation.LengthAfter(length);
            for (var sector = start / SectorBytes; sector * SectorBytes < end; sector++)
            {
                if (!bySector.TryGetValue(sector, out var operations))
                    bySector[sector] = operations = [];
                operations.Add(operation);
            }
        }
        return bySector;
    }

    private void Apply(PendingOperation operation)
    {
        operation.ApplyTo(_visible);
        _pending.Add(operation);
    }

    private sealed class Content
    {
        private byte[] _bytes = [];
        private int _length;

        public Span<byte> Bytes => _bytes.AsSpan(0, _length);

        public void Resize(int length)
        {
            if (length > _bytes.Length)
                Array.Resize(ref _bytes, Math.Max(length, _bytes.Length * 2));
            if (length < _length)
                _bytes.AsSpan(length, _length - length).Clear();
            _length = length;
        }

        public void Replace(ReadOnlySpan<byte> content)
        {
            _bytes = content.ToArray();
            _length = content.Length;
        }
    }

    /// <summary>A write at an offset, or a new length when the offset is negative.</summary>
    private sealed record PendingOperation(int Offset, byte[] Bytes, int NewLength)
    {
        public int LengthAfter(int length) => Offset < 0 ? NewLength : Math.Max(length, Offset + Bytes.Length);

        public (int Start, int End) Extent(int length) => Offset < 0 ? (NewLength, length) : (Offset, Offset + Bytes.Length);

        public void ApplyTo(Content content)
        {
            content.Resize(LengthAfter(content.Bytes.Length));
            if (Offset >= 0)
                Bytes.CopyTo(content.Bytes[Offset..]);
        }

        /// <summary>Applies what concerns the bytes from <paramref name="start"/> to <paramref name="end"/>, as far as they exist.</summary>
        public void ApplyTo(Span<byte> content, int start, int end)
        {
            var from = Math.Max(start, Offset < 0 ? NewLength : Offset);
            var to = Math.Min(Math.Min(end, content.Length), Offset < 0 ? int.MaxValue : Offset + Bytes.Length);
            if (from >= to)
                return;
            if (Offset < 0)
                content[from..to].Clear();
            else
                Bytes.AsSpan(from - Offset, to - from).CopyTo(content[from..]);
        }
    }
}
