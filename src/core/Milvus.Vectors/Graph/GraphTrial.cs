using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>Whether narrow beams find what wide ones do, asked of a graph itself, by a few searches between its rows.</summary>
internal sealed class GraphTrial
{
    /// <summary>Two of them are the neighbours that a search is between, which any beam finds.</summary>
    private const int Wanted = 12;

    private readonly VectorIndex _index;
    private readonly DataType _form;
    private readonly byte[][] _queries;
    private readonly TopK _results = new();
    private readonly float[] _worst;
    private int _judge;
    private int _all;

    /// <param name="searches">How many.</param>
    /// <param name="read">A row and the nearest of those it is linked to; −1 for none.</param>
    public GraphTrial(VectorIndex index, int searches, Func<int, (float[] Values, int Link)> read)
    {
        _index = index;
        _form = index.Store.Type == DataType.Int8Vector ? DataType.Int8Vector : DataType.FloatVector;
        _queries = [.. Enumerable.Range(0, searches).Select(i => Bytes(Between(read, (int)((long)i * index.Count / searches))))];
        _worst = new float[searches];
    }

    /// <summary>Half-way between two neighbours: a place where no row is, among rows.</summary>
    public static float[] Between(Func<int, (float[] Values, int Link)> read, int row)
    {
        (float[] query, int link) = read(row);
        float[] other = link < 0 ? query : read(link).Values;
        for (int i = 0; i < query.Length; i++)
            query[i] = (query[i] + other[i]) / 2;
        return query;
    }

    /// <summary>A row of a store, and the nearest of those it is linked to on level 0.</summary>
    public static unsafe (float[] Values, int Link) Read(VectorStore store, HnswGraph graph, int row)
    {
        var values = new float[store.Dimension];
        fixed (float* target = values)
            new FloatRows(store, normalises: false).Read(row, target);
        int link = graph.BaseLayer.Links(row)[0];
        GC.KeepAlive(graph);
        return (values, link);
    }

    /// <summary>What beams of a width find of what those of another one do. As near as the last of the nearest counts as found: rows may be equal.</summary>
    /// <param name="width">The narrow one's.</param>
    /// <param name="judge">The wide one's.</param>
    /// <param name="by">Searches by the narrow beam: another index of the same rows, or this one.</param>
    public double Share(int width, int judge, VectorIndex? by = null)
    {
        if (_judge != judge)
            Judge(judge);
        int met = 0;
        for (int i = 0; i < _queries.Length; i++)
        {
            foreach (float score in Search(_queries[i], width, by).Scores)
                met += score == _worst[i] || score < _worst[i] != _index.Metric.LargerIsBetter() ? 1 : 0;
        }

        return met / (double)_all;
    }

    /// <summary>What a beam finds around any place; valid until the next search.</summary>
    public TopK Search(float[] query, int width) => Search(Bytes(query), width);

    private void Judge(int width)
    {
        (_judge, _all) = (width, 0);
        for (int i = 0; i < _queries.Length; i++)
        {
            TopK found = Search(_queries[i], width);
            _worst[i] = found.Scores[^1];
            _all += found.Count;
        }
    }

    private TopK Search(byte[] query, int width, VectorIndex? by = null)
    {
        (by ?? _index).Search(query, _form, new VectorSearchParameters(Wanted) { Ef = width }, RowFilter.All, _results);
        return _results;
    }

    private byte[] Bytes(float[] query) =>
        _form == DataType.FloatVector ? MemoryMarshal.AsBytes<float>(query).ToArray() : [.. query.Select(value => (byte)(sbyte)MathF.Round(value))];
}
