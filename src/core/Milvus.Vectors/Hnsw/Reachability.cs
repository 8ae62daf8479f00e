using System.Collections;

namespace Milvus.Vectors;

/// <summary>
/// The last step of a build: makes every row reachable from the entry on level 0. Lists are cut independently of each other, which
/// can leave a row that no list names; such a row takes the place of a link whose target is named elsewhere too.
/// </summary>
internal sealed unsafe class Reachability(HnswGraph graph, GraphBuilder builder)
{
    private const int MaxRounds = 8;

    private readonly BitArray _reached = new(graph.Rows);
    private readonly int[] _namedBy = new int[graph.Rows];
    private readonly Stack<int> _open = new();
    private int _count;

    /// <summary>Repairs the graph; no other thread uses it meanwhile.</summary>
    /// <returns>Rows that remain out of reach: 0 but for graphs of hardly any links.</returns>
    public int Repair(BuildScratch scratch, CancellationToken cancellation)
    {
        for (int round = 0; round < MaxRounds; round++)
        {
            Walk();
            if (_count == graph.Rows)
                break;
            for (int row = 0; row < graph.Rows && !cancellation.IsCancellationRequested; row++)
            {
                if (!_reached[row] && Link(row, builder.Nearest(row, scratch)))
                    Expand(row);
            }
        }

        return graph.Rows - _count;
    }

    private void Walk()
    {
        _reached.SetAll(false);
        Array.Clear(_namedBy);
        _count = 0;
        Expand(graph.EntryRow);
    }

    private void Expand(int start)
    {
        Reach(start);
        while (_open.TryPop(out int row))
        {
            foreach (int target in Links(row))
            {
                _namedBy[target]++;
                Reach(target);
            }
        }
    }

    private void Reach(int row)
    {
        if (_reached[row])
            return;
        _reached[row] = true;
        _count++;
        _open.Push(row);
    }

    /// <summary>Names a row in the list of the nearest reached row that has room or a link to spare.</summary>
    private bool Link(int row, ReadOnlySpan<ulong> nearest)
    {
        foreach (ulong key in nearest)
        {
            int near = SortableKey.Row(key);
            if (near == row || !_reached[near])
                continue;
            int* list = graph.BaseLayer.Links(near);
            int count = Links(near).Length;
            if (count < graph.Base.Degree)
            {
                list[count] = row;
                if (count + 1 < graph.Base.Degree)
                    list[count + 1] = -1;
                _namedBy[row]++;
                return true;
            }

            for (int i = count - 1; i >= 0; i--)
            {
                if (_namedBy[list[i]] < 2)
                    continue;
                _namedBy[list[i]]--;
                list[i] = row;
                _namedBy[row]++;
                return true;
            }
        }

        return false;
    }

    private ReadOnlySpan<int> Links(int row)
    {
        var list = new ReadOnlySpan<int>(graph.BaseLayer.Links(row), graph.Base.Degree);
        int end = list.IndexOf(-1);
        return end < 0 ? list : list[..end];
    }
}
