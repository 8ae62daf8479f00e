using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// The file of a graph on disk: the header in one sector; what is in memory — the rows where searches start, the codes — in checked blocks of
/// at most 1 MiB; the nodes in blocks that <see cref="NodeLayout"/> describes. Each part begins on a sector. Of the header, M is half the
/// degree, and the level counts are: format, degree, bits, whether codes are inline, number of entries, bytes of cached nodes in two halves.
/// </summary>
internal static class DiskGraphFile
{
    private const int Format = 1;
    private const int Fields = 7;

    /// <summary>Small sets have fewer entries.</summary>
    private const int RowsPerEntry = 8;

    public static void Write(DiskGraph graph, Stream target)
    {
        VectorStore store = graph.Store;
        DiskGraphParameters parameters = graph.Parameters;
        int[] entries = Entries(graph);
        DiskCodes codes = graph.Codes;
        if (parameters.InlineCodes)
            codes = codes.Take(new DiskCodes(store.Type, store.Dimension, graph.Metric, codes.Bits, parameters.Seed, entries.Length), entries);
        long cache = parameters.CacheBudget(store.Type, store.Dimension, store.Count);
        var header = new IndexHeader
        {
            Kind = VectorIndexKind.DiskGraph,
            Metric = graph.Metric,
            Type = store.Type,
            Dimension = store.Dimension,
            Rows = store.Count,
            M = parameters.M,
            EfConstruction = parameters.BuildList,
            Seed = parameters.Seed,
            LevelCounts = [Format, parameters.Degree, codes.Bits, parameters.InlineCodes ? 1 : 0, entries.Length, (int)cache, (int)(cache >> 32)],
            PayloadBytes = (entries.Length * sizeof(int)) + codes.PayloadBytes,
        };
        var counted = new CountedStream(target);
        uint checksum = header.Write(counted);
        counted.PadTo(NodeLayout.SectorBytes);
        var writer = new BlockWriter(counted, checksum);
        writer.Write(MemoryMarshal.AsBytes<int>(entries));
        codes.Write(writer);
        writer.Flush();
        counted.PadTo(NodeLayout.SectorBytes);
        new NodeWriter(graph, new NodeLayout(store.RowBytes, parameters.Degree, parameters.InlineCodes ? codes.EntryBytes : 0), checksum).Write(counted);
    }

    /// <exception cref="IntegrityException">Truncated, altered, of an unknown version, or not made for this store.</exception>
    /// <param name="given">The rows; null takes the file's word for what they are.</param>
    /// <param name="isChecked">Reads and checks all nodes first.</param>
    public static DiskGraphIndex Open(SafeFileHandle handle, VectorStore? given, string name, bool isChecked)
    {
        using var stream = new HandleStream(handle);
        IndexHeader header = IndexHeader.Read(stream, name, out uint checksum);
        if (header.Kind != VectorIndexKind.DiskGraph)
            throw new IntegrityException(name, $"vector index kind {(int)header.Kind} is no graph on disk");
        if (given is { } rows && (header.Type != rows.Type || header.Dimension != rows.Dimension || header.Rows != rows.Count))
        {
            throw new IntegrityException(
                name,
                $"the index is over {header.Rows} {header.Type}s of dimension {header.Dimension}, the data are {rows.Count} {rows.Type}s of dimension {rows.Dimension}");
        }

        int[] fields = header.LevelCounts;
        bool fits = fields.Length == Fields && fields[0] == Format && fields[1] is >= 4 and <= 2048 && fields[2] is 1 or 2 or 4 && fields[3] is 0 or 1
            && header.Dimension is >= 1 and <= 1 << 20 && fields[4] >= 1 && fields[4] <= header.Rows && header.Metric.IsValidFor(header.Type) && CodeSpace.Serves(header.Type);
        if (!fits)
            throw new IntegrityException(name, "the vector index header contradicts itself");
        VectorStore store = given ?? VectorStore.Create(header.Type, header.Dimension, 0);
        bool inline = fields[3] == 1;
        var codes = new DiskCodes(header.Type, header.Dimension, header.Metric, fields[2], header.Seed, inline ? fields[4] : header.Rows);
        var layout = new NodeLayout(store.RowBytes, fields[1], inline ? codes.EntryBytes : 0);
        long payload = (fields[4] * (long)sizeof(int)) + codes.PayloadBytes;
        long nodes = Align(NodeLayout.SectorBytes + payload + ((payload + (BlockWriter.BlockBytes - 1)) / BlockWriter.BlockBytes * sizeof(uint)));
        if (header.PayloadBytes != payload)
            throw new IntegrityException(name, "the vector index header contradicts itself");
        long length = RandomAccess.GetLength(handle), expected = nodes + ((long)layout.BlocksFor(header.Rows) * layout.BlockBytes);
        if (length != expected)
            throw new IntegrityException(name, $"the vector index is {length} bytes long instead of {expected}");

        stream.Position = NodeLayout.SectorBytes;
        var reader = new BlockReader(stream, name, checksum, payload);
        var entries = new int[fields[4]];
        reader.Read(MemoryMarshal.AsBytes(entries.AsSpan()));
        foreach (int row in entries)
        {
            if ((uint)row >= (uint)header.Rows)
                throw new IntegrityException(name, "the vector index links to a node that does not exist");
        }

        codes.Read(reader, name);
        var file = new NodeFile(handle, name, layout, nodes, header.Rows, checksum);
        if (isChecked)
            file.CheckAll();
        FileReads.ExpectRandom(handle);
        long cache = (uint)fields[5] | ((long)fields[6] << 32);
        return new DiskGraphIndex(store, header.Metric, file, codes, entries, inline, NodeCache.Fill(file, entries, cache)).Tried();
    }

    private static long Align(long bytes) => (bytes + (NodeLayout.SectorBytes - 1)) / NodeLayout.SectorBytes * NodeLayout.SectorBytes;

    /// <summary>The row nearest to the mean, and rows from all over the set.</summary>
    private static int[] Entries(DiskGraph graph)
    {
        int rows = graph.Store.Count, count = Math.Min(rows / RowsPerEntry, graph.Parameters.EntryPoints);
        return [graph.Medoid, .. Enumerable.Range(0, count).Select(i => (int)((long)i * rows / count)).Where(row => row != graph.Medoid)];
    }

    /// <summary>Knows where it is although the target does not.</summary>
    internal sealed class CountedStream(Stream target) : Stream
    {
        private long _position;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => _position;

        public override long Position
        {
            get => _position;
            set => throw new NotSupportedException("an index is written forward");
        }

        public void PadTo(int multiple)
        {
            int rest = (int)(_position % multiple);
            if (rest != 0)
                Write(new byte[multiple - rest]);
        }

        public override void Flush() => target.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("an index being written is not read");

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("an index is written forward");

        public override void SetLength(long value) => throw new NotSupportedException("an index is written forward");

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            target.Write(buffer);
            _position += buffer.Length;
        }
    }

    /// <summary>Reads a file by its handle, which stays open.</summary>
    private sealed class HandleStream(SafeFileHandle handle) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => RandomAccess.GetLength(handle);

        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int read = RandomAccess.Read(handle, buffer, Position);
            Position += read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("an index is read forward");

        public override void SetLength(long value) => throw new NotSupportedException("an index is not changed");

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("an index is not changed");
    }
}
