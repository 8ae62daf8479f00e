using System.Collections.Concurrent;
using Milvus.Text.Analyzers.Remote;

namespace Milvus.Api.Tokenizers;

/// <summary>
/// The answers to the latest texts: rows of growing segments are analysed by every filter that matches their words. Two generations, of which the
/// older goes when the younger is full; what is asked for again moves to the younger. Safe for any number of threads.
/// </summary>
internal sealed class TokenMemory(long maxBytes)
{
    // Of an entry with its key, and of a token.
    private const int EntryBytes = 120, TokenBytes = 56;

    private readonly Lock _turning = new();
    private volatile Generation _young = new(), _old = new();

    private sealed class Generation
    {
        public readonly ConcurrentDictionary<(string Call, string Text), RemoteToken[]> Answers = new();
        public long Bytes;
    }

    public bool TryGet(string call, string text, out RemoteToken[] tokens)
    {
        if (_young.Answers.TryGetValue((call, text), out tokens!)) return true;
        if (!_old.Answers.TryRemove((call, text), out tokens!)) return false;
        Add(call, text, tokens);
        return true;
    }

    public void Add(string call, string text, RemoteToken[] tokens)
    {
        var bytes = EntryBytes + (2L * text.Length) + tokens.Sum(t => (long)TokenBytes + t.Text.Length);
        if (bytes > maxBytes / 2) return;
        var young = _young;
        if (!young.Answers.TryAdd((call, text), tokens) || Interlocked.Add(ref young.Bytes, bytes) <= maxBytes / 2) return;
        lock (_turning)
        {
            if (_young != young) return;
            _old = young;
            _young = new Generation();
        }
    }
}
