using System.Collections.Concurrent;
using Google.Protobuf;

namespace Milvus.Actors.Rpc;

/// <summary>Puts the parts of one message together again; they may arrive in any order. For one thread.</summary>
internal sealed class PartAssembly
{
    private ReadOnlyMemory<byte>[]? _parts;
    private int _missing;

    /// <summary>The whole message once its last part is there, else null.</summary>
    public ReadOnlyMemory<byte>? Add(uint index, uint count, ByteString payload)
    {
        if (count == 1) return payload.Memory;
        if (_parts is null)
        {
            _parts = new ReadOnlyMemory<byte>[count];
            _missing = (int)count;
        }
        if (index >= _parts.Length || !_parts[index].IsEmpty) return null;
        _parts[index] = payload.Memory;
        if (--_missing > 0) return null;
        var whole = new byte[_parts.Sum(p => p.Length)];
        var at = 0;
        foreach (var part in _parts)
        {
            part.Span.CopyTo(whole.AsSpan(at));
            at += part.Length;
        }
        return whole;
    }
}

/// <summary>Keeps count of the parts that were sent and not acknowledged yet.</summary>
internal class PartSender
{
    private readonly ConcurrentDictionary<uint, TaskCompletionSource<uint>> _expected = new();
    private Exception? _aborted;

    /// <summary>Call before sending the part; completes with its index when the receiver has it.</summary>
    public Task<uint> Expect(uint index)
    {
        var source = _expected.GetOrAdd(index, static _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
        if (Volatile.Read(ref _aborted) is { } reason) source.TrySetException(reason);
        return source.Task;
    }

    public void Acknowledge(uint index)
    {
        if (_expected.TryRemove(index, out var source)) source.TrySetResult(index);
    }

    public void Abort(Exception reason)
    {
        Volatile.Write(ref _aborted, reason);
        foreach (var (_, source) in _expected) source.TrySetException(reason);
    }
}
