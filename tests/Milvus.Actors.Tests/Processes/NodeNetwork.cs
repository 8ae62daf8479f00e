using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Milvus.Actors.Tests.Processes;

/// <summary>
/// The network between nodes, which can be parted: every node is reached through a relay at its public address. A cut pair of nodes is cut as a lost
/// route cuts it: no connection is refused or reset, bytes just do not arrive any more. Clients, databases and object storage go other ways and stay reachable.
/// </summary>
/// <remarks>
/// The origin of a connection is told by the first frame of Akka.Remote, which carries the origin's address in plain text (its handshake).
/// </remarks>
public sealed class NodeNetwork : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<TcpListener> _listeners = [];
    private readonly List<string> _addresses = [];
    private readonly Lock _lock = new();
    private HashSet<string> _minority = [];
    private TaskCompletionSource _healed = Completed();

    /// <summary>Relays <paramref name="at"/> to <paramref name="to"/>.</summary>
    public void Add(IPEndPoint at, IPEndPoint to)
    {
        var listener = new TcpListener(at);
        listener.Start();
        _listeners.Add(listener);
        lock (_lock) _addresses.Add(at.Address.ToString());
        _ = AcceptAsync(listener, at.Address.ToString(), to);
    }

    /// <summary>From now on nothing passes between these addresses and all others, in either direction.</summary>
    public void Cut(params string[] addresses)
    {
        lock (_lock)
        {
            _minority = [.. addresses];
            if (_healed.Task.IsCompleted) _healed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Everything passes again, what was held back first.</summary>
    public void Heal()
    {
        lock (_lock)
        {
            _minority = [];
            _healed.TrySetResult();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var listener in _listeners) listener.Dispose();
        _stop.Dispose();
    }

    private static TaskCompletionSource Completed()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }

    private async Task AcceptAsync(TcpListener listener, string target, IPEndPoint to)
    {
        try
        {
            while (true) _ = RelayAsync(await listener.AcceptTcpClientAsync(_stop.Token), target, to);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task RelayAsync(TcpClient incoming, string target, IPEndPoint to)
    {
        using var outgoing = new TcpClient();
        using (incoming)
        {
            try
            {
                var first = new byte[8192];
                var stream = incoming.GetStream();
                var read = await stream.ReadAsync(first, _stop.Token);
                var origin = OriginOf(first.AsSpan(0, read));
                await PassableAsync(origin, target);
                await outgoing.ConnectAsync(to, _stop.Token);
                var peer = outgoing.GetStream();
                await peer.WriteAsync(first.AsMemory(0, read), _stop.Token);
                await Task.WhenAny(PumpAsync(stream, peer, origin, target), PumpAsync(peer, stream, origin, target));
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
            {
                // One end is gone; the other learns it by the end of this connection.
            }
        }
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to, string? origin, string target)
    {
        var buffer = new byte[64 << 10];
        while (await from.ReadAsync(buffer, _stop.Token) is var read and > 0)
        {
            await PassableAsync(origin, target);
            await to.WriteAsync(buffer.AsMemory(0, read), _stop.Token);
        }
    }

    private async Task PassableAsync(string? origin, string target)
    {
        while (true)
        {
            Task healed;
            lock (_lock)
            {
                if (origin is null || _minority.Contains(origin) == _minority.Contains(target)) return;
                healed = _healed.Task;
            }
            await healed.WaitAsync(_stop.Token);
        }
    }

    // Longer addresses first: 127.0.9.1 begins 127.0.9.12 too.
    private string? OriginOf(ReadOnlySpan<byte> frame)
    {
        string[] known;
        lock (_lock) known = [.. _addresses.OrderByDescending(a => a.Length)];
        foreach (var address in known)
            if (frame.IndexOf(Encoding.ASCII.GetBytes(address)) >= 0) return address;
        return null;
    }
}
