using Microsoft.Win32.SafeHandles;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// The file form of an index, without its vectors: a versioned header, then the graph or the lists as <see cref="AlignedBlocks"/> lays them out, so that an
/// index can be read into memory or be used where it is in a mapped file. Streams; no second copy of the graph is held. Files from before, in chained
/// blocks of at most 1 MiB, can only be read.
/// </summary>
public static class VectorIndexFile
{
    /// <summary>Writes an index.</summary>
    public static void Save(VectorIndex index, Stream target) => Save(index, target, isAligned: true);

    /// <param name="isAligned">False for the layout of versions 1 and 2, which tests still write.</param>
    internal static void Save(VectorIndex index, Stream target, bool isAligned)
    {
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(target);
        (IndexHeader header, Action<PayloadWriter>? write) = Describe(index);
        header = header with { IsAligned = isAligned && write is not null, Beam = isAligned ? header.Beam : 0 };
        uint checksum = header.Write(target);
        if (header.IsAligned)
        {
            AlignedBlocks.Write(target, header.Length, checksum, write!);
        }
        else if (write is not null)
        {
            var writer = new BlockWriter(target, checksum);
            write(writer);
            writer.Flush();
        }

        GC.KeepAlive(index);
    }

    /// <summary>Reads an index over the vectors it was built on. Nothing behind it is read.</summary>
    /// <param name="source">The bytes written by <see cref="Save(VectorIndex, Stream)"/>.</param>
    /// <param name="store">The same rows in the same order.</param>
    /// <param name="sourceName">File or object name for error texts.</param>
    /// <param name="mostCodes">The richest codes that a graph may be searched by; one made for fewer keeps to those.</param>
    /// <exception cref="IntegrityException">Truncated, altered, of an unknown version, or not made for this store.</exception>
    public static VectorIndex Load(Stream source, VectorStore store, string sourceName, GraphCodes mostCodes = GraphCodes.Signs)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(store);
        IndexHeader header = ReadHeader(source, store, sourceName, out uint checksum);
        PayloadReader? payload = !HasPayload(header) ? null
            : header.IsAligned ? new AlignedReader(source, sourceName, header.Length, checksum, header.PayloadBytes)
            : new BlockReader(source, sourceName, checksum, header.PayloadBytes);
        return Read(header, payload, store, sourceName, mostCodes);
    }

    /// <summary>
    /// As <see cref="Load"/>, but what the file holds stays there and is mapped as long as the index is reachable: only what a graph's or the lists' search
    /// keeps beside it is in memory. Every checksum is looked at first. An index in a layout from before is read into memory, and so are codes that
    /// its file does not hold.
    /// </summary>
    /// <param name="file">The whole file, which nobody changes; the handle is the index's from now on, also when this fails.</param>
    /// <param name="mostCodes">As in <see cref="Load"/>; codes of neighbours are not in the file and never made here.</param>
    /// <exception cref="IntegrityException">As in <see cref="Load"/>.</exception>
    /// <exception cref="IOException">The file cannot be mapped.</exception>
    public static unsafe VectorIndex Map(SafeFileHandle file, VectorStore store, string sourceName, GraphCodes mostCodes = GraphCodes.Bytes)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(store);
        MappedFile mapped = MappedFile.Open(file, sourceName);
        using var source = new UnmanagedMemoryStream(mapped.Pointer, mapped.Length);
        IndexHeader header = ReadHeader(source, store, sourceName, out uint checksum);
        PayloadReader? payload = !HasPayload(header) ? null
            : header.IsAligned ? new MappedReader(mapped, source, sourceName, checksum, header.PayloadBytes)
            : new BlockReader(source, sourceName, checksum, header.PayloadBytes);
        VectorIndex index = Read(header, payload, store, sourceName, mostCodes < GraphCodes.Bytes ? mostCodes : GraphCodes.Bytes);
        if (payload is MappedReader)
        {
            index.Mapping = mapped;
            mapped.Settle(isRandom: index is HnswIndex);
        }

        GC.KeepAlive(mapped);
        return index;
    }

    private static bool HasPayload(IndexHeader header) => header.Kind is not (VectorIndexKind.Flat or VectorIndexKind.DiskGraph);

    /// <summary>What the header says of an index, and how its payload is written; null where it has none.</summary>
    private static (IndexHeader Header, Action<PayloadWriter>? Write) Describe(VectorIndex index)
    {
        var header = new IndexHeader
        {
            Kind = index.Kind,
            Metric = index.Metric,
            Type = index.Store.Type,
            Dimension = index.Store.Dimension,
            Rows = index.Count,
        };
        switch (index)
        {
            case DiskGraphIndex:
                throw new ArgumentException("a graph on disk is written when it is built", nameof(index));
            case MinHashIndex signatures:
                return (MinHashFile.Describe(signatures, header), writer => MinHashFile.Write(signatures, writer));
            case IvfIndex ivf:
                return (IvfFile.Describe(ivf, header), writer => IvfFile.Write(ivf, writer));
            case HnswIndex graph:
                return (Describe(graph, header), writer => Write(graph, writer));
            default:
                return (header, null);
        }
    }

    private static IndexHeader Describe(HnswIndex index, IndexHeader header)
    {
        int[] counts = [.. index.Graph.Upper.Select(level => level.Count)];
        CodedRows? coded = index.Coded?.Rows;
        return header with
        {
            FormatVersion = coded is null ? IndexHeader.Version : IndexHeader.VersionWithCodes,
            M = index.Parameters.M,
            EfConstruction = index.Parameters.EfConstruction,
            Seed = index.Parameters.Seed,
            LevelCounts = counts,
            Beam = index.DefaultBeam,
            PayloadBytes = GraphFile.Bytes(index.Count, index.Parameters.M, counts)
                + (index.RowCodes is null ? 0 : RowCodesFile.Bytes(index.Parameters.RowCodes!, index.Store.Dimension, index.Count))
                + (coded is null ? 0 : GraphCodesFile.Bytes(coded)),
        };
    }

    private static void Write(HnswIndex index, PayloadWriter writer)
    {
        GraphFile.Write(index.Graph, writer);
        if (index.RowCodes is not null)
            RowCodesFile.Write(index, writer);
        if (index.Coded is { } coded)
            GraphCodesFile.Write(coded.Rows, writer);
    }

    private static IndexHeader ReadHeader(Stream source, VectorStore store, string sourceName, out uint checksum)
    {
        IndexHeader header = IndexHeader.Read(source, sourceName, out checksum);
        if (header.Type != store.Type || header.Dimension != store.Dimension || header.Rows != store.Count)
        {
            throw new IntegrityException(
                sourceName,
                $"the index is over {header.Rows} {header.Type}s of dimension {header.Dimension}, the data are {store.Count} {store.Type}s of dimension {store.Dimension}");
        }

        if (!header.Metric.IsValidFor(header.Type) && header.Kind != VectorIndexKind.MinHash)
            throw new IntegrityException(sourceName, $"metric {header.Metric} does not compare {header.Type}s");
        if (header.FormatVersion == IndexHeader.VersionWithCodes && header.Kind is not (VectorIndexKind.HnswBytes or VectorIndexKind.HnswSigns or VectorIndexKind.Ivf))
            throw new IntegrityException(sourceName, $"vector index kind {(int)header.Kind} has no version {header.FormatVersion}");
        if (!Enum.IsDefined(header.Kind))
            throw new IntegrityException(sourceName, $"vector index kind {(int)header.Kind} is not known");
        if (header.Kind == VectorIndexKind.DiskGraph)
            throw new IntegrityException(sourceName, "a graph on disk is searched where it is, and not read as a whole");
        return header;
    }

    private static VectorIndex Read(IndexHeader header, PayloadReader? payload, VectorStore store, string sourceName, GraphCodes mostCodes) => header.Kind switch
    {
        VectorIndexKind.Flat => new FlatIndex(store, header.Metric, header.Rows, keepsCodes: true),
        VectorIndexKind.MinHash => MinHashFile.Read(header, payload!, store, sourceName),
        VectorIndexKind.Ivf => IvfFile.Read(header, payload!, store, sourceName),
        _ => ReadGraph(header, payload!, store, sourceName, mostCodes),
    };

    private static HnswIndex ReadGraph(IndexHeader header, PayloadReader reader, VectorStore store, string sourceName, GraphCodes mostCodes)
    {
        int below = header.Rows;
        bool fits = header.M is >= 2 and <= 2048 && header.EfConstruction >= 1;
        foreach (int count in header.LevelCounts)
        {
            fits &= count > 0 && count <= below;
            below = count;
        }

        bool isRowCoded = header.Kind == VectorIndexKind.HnswRowCodes;
        bool hasCodes = header.FormatVersion == IndexHeader.VersionWithCodes && header.Kind is (VectorIndexKind.HnswBytes or VectorIndexKind.HnswSigns);
        long codeBytes = fits ? header.PayloadBytes - GraphFile.Bytes(header.Rows, header.M, header.LevelCounts) : -1;
        if (codeBytes < 0 || (codeBytes > 0) != (isRowCoded || hasCodes) || (isRowCoded && !CodeSpace.Serves(header.Type)))
            throw new IntegrityException(sourceName, "the vector index header contradicts itself");
        HnswGraph graph = GraphFile.Read(header, reader, sourceName);
        if (isRowCoded)
        {
            (RowCodeParameters made, RowCodes rows, RowCodes? refinement) = RowCodesFile.Read(store, header.Metric, codeBytes, reader, sourceName);
            var coded = new HnswParameters { M = header.M, EfConstruction = header.EfConstruction, Seed = header.Seed, RowCodes = made };
            return new HnswIndex(store, header.Metric, coded, graph, null, rows, refinement).Tried(header.Beam);
        }

        GraphCodes codes = header.Kind switch
        {
            VectorIndexKind.HnswBytes => GraphCodes.Bytes,
            VectorIndexKind.HnswSigns => GraphCodes.Signs,
            _ => GraphCodes.None,
        };
        if (codes != GraphCodes.None && !CodeSpace.Serves(header.Type))
            throw new IntegrityException(sourceName, $"no codes are made of {header.Type}s");
        var parameters = new HnswParameters { M = header.M, EfConstruction = header.EfConstruction, Seed = header.Seed, Codes = codes };
        GraphCodes kept = codes < mostCodes ? codes : mostCodes;
        CodedRows? stored = hasCodes && kept != GraphCodes.None ? GraphCodesFile.Read(store, header.Metric, codeBytes, reader, sourceName) : null;
        return new HnswIndex(store, header.Metric, parameters, graph, CodedTraversal.Of(graph, store, header.Metric, kept, Environment.ProcessorCount, stored)).Tried(header.Beam);
    }
}
