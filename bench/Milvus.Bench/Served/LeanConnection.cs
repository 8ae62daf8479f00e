using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Milvus.Bench.Served;

/// <summary>
/// The least of HTTP/2 (RFC 9113) that a closed loop of unary gRPC calls needs: one connection, one call at a time, on the caller's thread, header blocks
/// encoded beforehand, answers' headers not decoded. So a measurement shows the server, not its client.
/// </summary>
internal sealed class LeanConnection : IDisposable
{
    private const int FrameHead = 9;
    private const int LeastFrameBytes = 16384;
    private const int MostFrameBytes = 128 << 10;
    private const int Window = 1 << 30;
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _in = new byte[1 << 17];
    private byte[] _out = new byte[1 << 18];
    private byte[] _message = new byte[1 << 16];
    private int _inStart;
    private int _inEnd;
    private int _outEnd;
    private int _messageLength;
    private long _connectionWindow = 65535;
    private long _streamWindow;
    private int _initialWindow = 65535;
    private int _frameBytes = LeastFrameBytes;
    private int _stream = -1;
    private long _unacknowledged;
    private bool _isSettled;
    private bool _isEnded;

    public LeanConnection(int port)
    {
        _socket.Connect(IPAddress.Loopback, port);
        Put("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
        // No pushes, and windows that never hold an answer up.
        Frame(12, type: 4, flags: 0, stream: 0);
        Put([0, 2, 0, 0, 0, 0, 0, 4, 0x40, 0, 0, 0]);
        Frame(4, type: 8, flags: 0, stream: 0);
        Put([0x3F, 0, 0, 0]);
        Flush();
        while (!_isSettled) ReadFrame();
    }

    /// <summary>The encoded headers of a call: all literal or static, so that they are the same for every call.</summary>
    public static byte[] Headers(string method)
    {
        var block = new List<byte> { 0x83, 0x86 };
        Literal(4, "/milvus.proto.milvus.MilvusService/" + method);
        Literal(1, "localhost");
        block.AddRange([0x0F, 31 - 15]);
        Text("application/grpc");
        block.Add(0);
        Text("te");
        Text("trailers");
        return [.. block];

        void Literal(byte name, string value)
        {
            block.Add(name);
            Text(value);
        }

        void Text(string value)
        {
            block.Add((byte)value.Length);
            block.AddRange(Encoding.ASCII.GetBytes(value));
        }
    }

    /// <summary>Sends a call and waits for its answer.</summary>
    /// <param name="first">The beginning of the body, its gRPC prefix included.</param>
    /// <param name="rest">The rest of the body; may be empty.</param>
    /// <returns>The answer's message; valid until the next call.</returns>
    public ReadOnlyMemory<byte> Call(byte[] headers, ReadOnlySpan<byte> first, ReadOnlySpan<byte> rest)
    {
        _stream += 2;
        _streamWindow = _initialWindow;
        _messageLength = 0;
        _isEnded = false;
        Frame(headers.Length, type: 1, flags: 4, _stream);
        Put(headers);
        Data(first, isLast: rest.IsEmpty);
        if (!rest.IsEmpty) Data(rest, isLast: true);
        Flush();
        while (!_isEnded) ReadFrame();
        if (_messageLength < 5) throw new BenchException("a call was answered without a message");
        return _message.AsMemory(5, _messageLength - 5);
    }

    public void Dispose() => _socket.Dispose();

    private void Data(ReadOnlySpan<byte> body, bool isLast)
    {
        while (!body.IsEmpty)
        {
            while (Math.Min(_connectionWindow, _streamWindow) <= 0)
            {
                Flush();
                ReadFrame();
            }
            var take = (int)Math.Min(Math.Min(body.Length, _frameBytes), Math.Min(_connectionWindow, _streamWindow));
            Frame(take, type: 0, (byte)(isLast && take == body.Length ? 1 : 0), _stream);
            Put(body[..take]);
            body = body[take..];
            _connectionWindow -= take;
            _streamWindow -= take;
        }
    }

    private void Frame(int length, byte type, byte flags, int stream)
    {
        Span<byte> head = stackalloc byte[FrameHead];
        BinaryPrimitives.WriteInt32BigEndian(head, length << 8);
        head[3] = type;
        head[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(head[5..], stream);
        Put(head);
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        if (_outEnd + bytes.Length > _out.Length) Flush();
        bytes.CopyTo(_out.AsSpan(_outEnd));
        _outEnd += bytes.Length;
    }

    private void Flush()
    {
        for (var sent = 0; sent < _outEnd;) sent += _socket.Send(_out.AsSpan(sent, _outEnd - sent));
        _outEnd = 0;
    }

    private void ReadFrame()
    {
        Need(FrameHead);
        var head = _in.AsSpan(_inStart, FrameHead);
        var length = BinaryPrimitives.ReadInt32BigEndian(head) >> 8 & 0xFFFFFF;
        var (type, flags, stream) = (head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head[5..]) & int.MaxValue);
        _inStart += FrameHead;
        Need(length);
        Take(type, flags, stream, _in.AsSpan(_inStart, length));
        _inStart += length;
    }

    private void Take(byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        switch (type)
        {
            case 0:
                Collect(payload);
                _isEnded |= stream == _stream && (flags & 1) != 0;
                break;
            case 1:
                _isEnded |= stream == _stream && (flags & 1) != 0;
                break;
            case 3 or 7:
                throw new BenchException($"the server ended the {(type == 3 ? "call" : "connection")}");
            case 4 when (flags & 1) == 0:
                for (; payload.Length >= 6; payload = payload[6..])
                {
                    var value = BinaryPrimitives.ReadInt32BigEndian(payload[2..]);
                    var setting = BinaryPrimitives.ReadUInt16BigEndian(payload);
                    if (setting == 4) _initialWindow = value;
                    // As Google's gRPC library does.
                    else if (setting == 5) _frameBytes = Math.Clamp(value, LeastFrameBytes, MostFrameBytes);
                }
                Frame(0, type: 4, flags: 1, stream: 0);
                Flush();
                _isSettled = true;
                break;
            case 6 when (flags & 1) == 0:
                Frame(8, type: 6, flags: 1, stream: 0);
                Put(payload);
                Flush();
                break;
            case 8:
                var more = BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue;
                if (stream == 0) _connectionWindow += more;
                else if (stream == _stream) _streamWindow += more;
                break;
        }
    }

    private void Collect(ReadOnlySpan<byte> data)
    {
        if (_messageLength + data.Length > _message.Length) Array.Resize(ref _message, Math.Max(_message.Length * 2, _messageLength + data.Length));
        data.CopyTo(_message.AsSpan(_messageLength));
        _messageLength += data.Length;
        _unacknowledged += data.Length;
        if (_unacknowledged < Window / 2) return;
        Frame(4, type: 8, flags: 0, stream: 0);
        Span<byte> more = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(more, (int)_unacknowledged);
        Put(more);
        _unacknowledged = 0;
    }

    private void Need(int bytes)
    {
        if (_inEnd - _inStart >= bytes) return;
        _in.AsSpan(_inStart, _inEnd - _inStart).CopyTo(_in);
        (_inStart, _inEnd) = (0, _inEnd - _inStart);
        while (_inEnd < bytes)
        {
            var read = _socket.Receive(_in.AsSpan(_inEnd));
            if (read == 0) throw new BenchException("the server closed the connection");
            _inEnd += read;
        }
    }
}
