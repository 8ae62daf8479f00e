using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// The file form of an index, without its vectors: a versioned header, then the graph or the lists in blocks of at most 1 MiB, each with a
/// chained CRC-32C. Streams; no second copy of the graph is held.
/// </summary>
public static class VectorIndexFile
{
    /// <summary>Writes an index.</summary>
    public static void Save(VectorIndex index, Stream target)
    {
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(target);
        if (index is DiskGraphIndex)
            throw new ArgumentException("a graph on disk is written when it is built", nameof(index));
        var header = new IndexHeader
        {
            Kind = index.Kind,
            Metric = index.Metric,
            Type = index.Store.Type,
            Dimension = index.Store.Dimension,
            Rows = index.Count,
        };
        if (index is MinHashIndex signatures)
        {
            header = MinHashFile.Describe(signatures, header);
            var bands = new BlockWriter(target, header.Write(target));
            MinHashFile.Write(signatures, bands);
            bands.Flush();
            return;
        }

        if (index is IvfIndex ivf)
        {
            header = IvfFile.Describe(ivf, header);
            var lists = new BlockWriter(target, header.Write(target));
            IvfFile.Write(ivf, lists);
            lists.Flush();
            return;
        }

        if (index is not HnswIndex hnsw)
        {
            header.Write(target);
            return;
        }

        int[] counts = [.. hnsw.Graph.Upper.Select(level => level.Count)];
        CodedRows? coded = hnsw.Coded?.Rows;
        header = header with
        {
            FormatVersion = coded is null ? IndexHeader.Version : IndexHeader.VersionWithCodes,
            M = hnsw.Parameters.M,
            EfConstruction = hnsw.Parameters.EfConstruction,
            Seed = hnsw.Parameters.Seed,
            LevelCounts = counts,
            PayloadBytes = GraphFile.Bytes(hnsw.Count, hnsw.Parameters.M, counts)
                + (hnsw.RowCodes is null ? 0 : RowCodesFile.Bytes(hnsw.Parameters.RowCodes!, hnsw.Store.Dimension, hnsw.Count))
                + (coded is null ? 0 : GraphCodesFile.Bytes(coded)),
        };
        var writer = new BlockWriter(target, header.Write(target));
        GraphFile.Write(hnsw.Graph, writer);
        if (hnsw.RowCodes is not null)
            RowCodesFile.Write(hnsw, writer);
        if (coded is not null)
            GraphCodesFile.Write(coded, writer);
        writer.Flush();
        GC.KeepAlive(hnsw);
    }

    /// <summary>Reads an index over the vectors it was built on. Nothing behind it is read.</summary>
    /// <param name="source">The bytes written by <see cref="Save"/>.</param>
    /// <param name="store">The same rows in the same order.</param>
    /// <param name="sourceName">File or object name for error texts.</param>
    /// <param name="mostCodes">The richest codes that a graph may be searched by; one made for fewer keeps to those.</param>
    /// <exception cref="IntegrityException">Truncated, altered, of an unknown version, or not made for this store.</exception>
    public static VectorIndex Load(Stream source, VectorStore store, string sourceName, GraphCodes mostCodes = GraphCodes.Signs)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(store);
        IndexHeader header = IndexHeader.Read(source, sourceName, out uint checksum);
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
        return header.Kind switch
        {
            VectorIndexKind.Flat => new FlatIndex(store, header.Metric, header.Rows, keepsCodes: true),
            VectorIndexKind.Hnsw or VectorIndexKind.HnswBytes or VectorIndexKind.HnswSigns or VectorIndexKind.HnswRowCodes => LoadGraph(source, header, checksum, store, sourceName, mostCodes),
            VectorIndexKind.MinHash => MinHashFile.Read(header, new BlockReader(source, sourceName, checksum, header.PayloadBytes), store, sourceName),
            VectorIndexKind.Ivf => IvfFile.Read(header, new BlockReader(source, sourceName, checksum, header.PayloadBytes), store, sourceName),
            VectorIndexKind.DiskGraph => throw new IntegrityException(sourceName, "a graph on disk is searched where it is, and not read as a whole"),
            _ => throw new IntegrityException(sourceName, $"vector index kind {(int)header.Kind} is not known"),
        };
    }

    private static HnswIndex LoadGraph(Stream source, IndexHeader header, uint checksum, VectorStore store, string sourceName, GraphCodes mostCodes)
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
        var reader = new BlockReader(source, sourceName, checksum, header.PayloadBytes);
        HnswGraph graph = GraphFile.Read(header, reader, sourceName);
        if (isRowCoded)
        {
            (RowCodeParameters made, RowCodes rows, RowCodes? refinement) = RowCodesFile.Read(store, header.Metric, codeBytes, reader, sourceName);
            var coded = new HnswParameters { M = header.M, EfConstruction = header.EfConstruction, Seed = header.Seed, RowCodes = made };
            return new HnswIndex(store, header.Metric, coded, graph, null, rows, refinement);
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
        return new HnswIndex(store, header.Metric, parameters, graph, CodedTraversal.Of(graph, store, header.Metric, kept, Environment.ProcessorCount, stored));
    }
}
