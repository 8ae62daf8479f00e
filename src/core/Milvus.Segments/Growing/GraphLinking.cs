using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>
/// Extends graphs of growing segments off the path of writes and reads: one thread for the whole process, there only while there is work.
/// </summary>
public static class GraphLinking
{
    /// <summary>Rows of one step: about a second of work.</summary>
    public const int StepRows = 2048;

    /// <summary>Told, on the linking thread, why a graph broke. Must not throw.</summary>
    public static event Action<Exception>? Failed;

    private static readonly Lock Gate = new();
    private static readonly Queue<GrowingGraph> Waiting = new();
    private static bool s_running;

    /// <summary>Asks for one step, unless the graph waits for one already.</summary>
    internal static void Request(GrowingGraph graph)
    {
        lock (Gate)
        {
            if (Waiting.Contains(graph)) return;
            Waiting.Enqueue(graph);
            if (s_running) return;
            s_running = true;
        }
        try
        {
            new Thread(Run) { IsBackground = true, Priority = ThreadPriority.BelowNormal, Name = "growing-graphs" }.Start();
        }
        catch (OutOfMemoryException)
        {
            // The system gives no thread: rows without links are compared, and a later search asks again.
            lock (Gate)
            {
                s_running = false;
                Waiting.Clear();
            }
        }
    }

    private static void Run()
    {
        while (true)
        {
            GrowingGraph graph;
            lock (Gate)
            {
                if (!Waiting.TryDequeue(out graph!))
                {
                    s_running = false;
                    return;
                }
            }
            try
            {
                graph.Extend(StepRows);
            }
            catch (OutOfMemoryException)
            {
                // The rows stay without links and are compared; a later search asks again.
            }
            catch (Exception e)
            {
                // The rows of a broken graph are compared, all of them.
                Failed?.Invoke(e);
            }
        }
    }
}
