namespace Milvus.TestKit.S3.Faults;

/// <summary>Which requests to come fail, and how; and what was asked so far.</summary>
public sealed class FaultPlan
{
    private readonly Lock _gate = new();
    private readonly List<Entry> _entries = [];
    private readonly List<string> _requests = [];

    /// <summary>What was asked, as "METHOD /path?query", in order.</summary>
    public IReadOnlyList<string> Requests
    {
        get
        {
            lock (_gate)
                return [.. _requests];
        }
    }

    /// <summary>The next <paramref name="times"/> requests whose "METHOD /path?query" contains <paramref name="text"/> meet the fault.</summary>
    public void Next(int times, S3Fault fault, string text = "")
    {
        lock (_gate)
            _entries.Add(new Entry(fault, text) { Left = times });
    }

    public void Clear()
    {
        lock (_gate)
        {
            _entries.Clear();
            _requests.Clear();
        }
    }

    internal S3Fault? Take(string request)
    {
        lock (_gate)
        {
            _requests.Add(request);
            if (_entries.Find(e => e.Left > 0 && request.Contains(e.Text, StringComparison.Ordinal)) is not { } entry)
                return null;
            entry.Left--;
            return entry.Fault;
        }
    }

    private sealed class Entry(S3Fault fault, string text)
    {
        public S3Fault Fault { get; } = fault;

        public string Text { get; } = text;

        public int Left { get; set; }
    }
}
