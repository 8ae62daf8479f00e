using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>A graph that was built and is to be written: its links, and the codes of its rows. The vectors are the store's.</summary>
public sealed class DiskGraph
{
    internal DiskGraph(VectorStore store, MetricType metric, DiskGraphParameters parameters, HnswGraph graph, DiskCodes codes, int medoid)
    {
        Store = store;
        Metric = metric;
        Parameters = parameters;
        Graph = graph;
        Codes = codes;
        Medoid = medoid;
    }

    public VectorStore Store { get; }

    public MetricType Metric { get; }

    public DiskGraphParameters Parameters { get; }

    internal HnswGraph Graph { get; }

    internal DiskCodes Codes { get; }

    internal int Medoid { get; }

    /// <summary>Writes the file that <see cref="DiskGraphIndex.Open"/> reads, from its first byte to its last.</summary>
    public void Save(Stream target)
    {
        ArgumentNullException.ThrowIfNull(target);
        DiskGraphFile.Write(this, target);
    }
}
