namespace Milvus.TestKit.Disk;

/// <summary>
/// One file's bytes: as programs see them, as they are on the platter, and the operations between the two. Not thread-safe.
/// </summary>
internal sealed class SimulatedFile
{
    private const int SectorBytes = 512;

    private readonly List<PendingOperation> _pending = [];

    public SimulatedFile(byte[] content)
    {
        Visible = content;
        Durable = content;
    }

    public byte[] Visible { get; private set; }

    public byte[] Durable { get; private set; }

    public void Write(long offset, ReadOnlySpan<byte> bytes) => Apply(new PendingOperation(offset, bytes.ToArray(), 0));

    public void SetLength(long length) => Apply(new PendingOperation(-1, [], length));

    public void Sync()
    {
        foreach (var operation in _pending)
            Durable = operation.ApplyTo(Durable);
        _pending.Clear();
    }

    /// <summary>The operating system gave up on writing: some sectors got through, and it will not try the others again.</summary>
    public void FailSync(Random random)
    {
        Durable = Tear(random);
        _pending.Clear();
    }

    /// <summary>What a power cut leaves: each sector as of some moment since the last sync, the length likewise.</summary>
    public byte[] Tear(Random random)
    {
        if (_pending.Count == 0)
            return Durable;
        var versions = new List<byte[]> { Durable };
        foreach (var operation in _pending)
            versions.Add(operation.ApplyTo(versions[^1]));
        var torn = new byte[TornLength(random, versions)];
        for (var start = 0; start < torn.Length; start += SectorBytes)
        {
            var version = versions[random.Next(versions.Count)];
            var end = Math.Min(Math.Min(start + SectorBytes, torn.Length), version.Length);
            if (end > start)
                version.AsSpan(start, end - start).CopyTo(torn.AsSpan(start));
        }
        return torn;
    }

    /// <summary>Replaces everything, on the platter too.</summary>
    public void Damage(byte[] content)
    {
        Visible = content;
        Durable = content;
        _pending.Clear();
    }

    // The file may also have grown by a part of an operation, but is never longer than the longest version nor shorter than the shortest.
    private static int TornLength(Random random, List<byte[]> versions) => random.Next(2) == 0
        ? versions[random.Next(versions.Count)].Length
        : random.Next(versions.Min(v => v.Length), versions.Max(v => v.Length) + 1);

    private void Apply(PendingOperation operation)
    {
        Visible = operation.ApplyTo(Visible);
        _pending.Add(operation);
    }

    private sealed record PendingOperation(long Offset, byte[] Bytes, long NewLength)
    {
        public byte[] ApplyTo(byte[] content)
        {
            if (Offset < 0)
            {
                var resized = new byte[NewLength];
                content.AsSpan(0, (int)Math.Min(content.Length, NewLength)).CopyTo(resized);
                return resized;
            }
            var result = new byte[Math.Max(content.Length, Offset + Bytes.Length)];
            content.CopyTo(result, 0);
            Bytes.CopyTo(result, Offset);
            return result;
        }
    }
}
