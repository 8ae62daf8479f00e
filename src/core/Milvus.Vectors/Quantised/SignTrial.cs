using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Whether signs lead a beam to what byte codes lead to. A bit per component says which of a node's neighbours are nearer only where their distances differ
/// by more than the bits err: they do for embeddings, but hardly for rows that lie around their centres in all directions alike. Asked of the graph itself, by a
/// few searches between its rows.
/// </summary>
internal static class SignTrial
{
    /// <summary>Segments of fewer rows are scanned, so nothing is lost by either answer.</summary>
    private const int LeastRows = 1024;

    private const int Searches = 48;
    private const int Wanted = 10;

    /// <summary>The beam of a search that names none, and one that finds nearly all by bytes.</summary>
    private const int Beam = 16;
    private const int WideBeam = 64;

    /// <summary>Of what the wide beam by bytes finds. Rows near a subspace of 24 directions come to 0.98, rows around centres in 264 directions to 0.75.</summary>
    private const double LeastShare = 0.9;

    /// <summary>True when searches by <paramref name="signs"/> find enough of what those by <paramref name="bytes"/> find. Deterministic.</summary>
    public static bool Succeeds(HnswGraph graph, VectorStore store, MetricType metric, CodedTraversal signs, CodedTraversal bytes)
    {
        bool decodes = FloatDecoder.IsNeededFor(store.Type);
        if (store.Count < LeastRows || (store.Type != DataType.FloatVector && !decodes))
            return true;
        var known = new HashSet<int>();
        HnswScratch scratch = HnswScratch.Pool.Rent();
        int met = 0, all = 0;
        for (int i = 0; i < Searches; i++)
        {
            float[] query = GraphTrial.Between(row => GraphTrial.Read(store, graph, row), (int)((long)i * store.Count / Searches));
            scratch.Queries.Set(store, metric, MemoryMarshal.AsBytes<float>(query), DataType.FloatVector, 1);
            bytes.Search(graph, DataType.FloatVector, RowFilter.All, store.Count, WideBeam, Wanted, scratch);
            known.Clear();
            foreach (ulong key in Nearest(scratch))
                known.Add(SortableKey.Row(key));
            signs.Search(graph, DataType.FloatVector, RowFilter.All, store.Count, Beam, Wanted, scratch);
            foreach (ulong key in Nearest(scratch))
                met += known.Contains(SortableKey.Row(key)) ? 1 : 0;
            all += known.Count;
        }

        HnswScratch.Pool.Return(scratch);
        return met >= LeastShare * all;
    }

    private static ReadOnlySpan<ulong> Nearest(HnswScratch scratch) => scratch.Results.AsSpan(0, Math.Min(Wanted, scratch.ResultCount));
}
