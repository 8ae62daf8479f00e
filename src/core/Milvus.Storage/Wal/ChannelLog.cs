using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using Milvus.Model;
using Milvus.Storage.Files;

namespace Milvus.Storage.Wal;

/// <summary>
/// The log of a channel as files of records. Only the last file is written; a file handle is open from the first append until
/// <see cref="ReleaseHandle"/>. See <see cref="IChannelLog"/> for the contract and <see cref="WalFormat"/> for the bytes.
/// </summary>
public sealed class ChannelLog : IChannelLog
{
    private readonly IFileSystem _files;
    private readonly TimeProvider _time;
    private readonly WalOptions _options;
    private readonly string _directory;
    private readonly WalBatch _batch = new();
    private ImmutableArray<WalFile> _log;
    private long _next;
    private long _durable;
    private long _lastSync;
    private WalFileWriter? _writer;
    private bool _failed;
    private bool _disposed;
    private int _owners;

    private ChannelLog(IFileSystem files, TimeProvider time, string directory, string channel, WalOptions options, WalState state)
    {
        _files = files;
        _time = time;
        _directory = directory;
        _options = options;
        _log = state.Files;
        _next = state.NextSequence;
        _durable = state.NextSequence - 1;
        _lastSync = time.GetTimestamp();
        Channel = channel;
        Recovery = state.Recovery;
    }

    /// <summary>Opens the log in a directory of its own, which need not exist.</summary>
    /// <param name="directory">Where the log's files are.</param>
    /// <param name="channel">The channel's name, checked against the files.</param>
    /// <param name="options">Settings, validated.</param>
    /// <param name="reached">
    /// The channel's checkpoint: a log that ends before it has lost files and is refused. 0 when there is no checkpoint.
    /// </param>
    /// <param name="files">The machine's file system when null.</param>
    /// <param name="time">The system's clock when null; times the interval of syncs only.</param>
    /// <exception cref="IntegrityException">Acknowledged records are damaged or missing; names file and offset.</exception>
    public static ChannelLog Open(
        string directory, string channel, WalOptions options, long reached = 0, IFileSystem? files = null, TimeProvider? time = null)
    {
        options.Validate();
        files ??= LocalFileSystem.Instance;
        var state = WalRecoverer.Recover(files, directory, channel, options);
        if (state.NextSequence <= reached)
            throw new IntegrityException(directory, string.Create(CultureInfo.InvariantCulture, $"the log ends with record {state.NextSequence - 1}, the checkpoint says it had reached {reached}"));
        return new ChannelLog(files, time ?? TimeProvider.System, directory, channel, options, state);
    }

    public string Channel { get; }

    public WalRecovery? Recovery { get; }

    public long FirstSequence => _log is [var first, ..] ? first.FirstSequence : NextSequence;

    public long NextSequence => Volatile.Read(ref _next);

    public long DurableSequence => Volatile.Read(ref _durable);

    public long LengthBytes => _log.Sum(f => f.Length);

    public bool IsFailed => _failed;

    public long Append(ReadOnlySpan<ReadOnlySequence<byte>> payloads)
    {
        using var _ = Enter();
        foreach (var payload in payloads)
        {
            if (payload.Length > _options.MaxRecordBytes)
                throw new ArgumentException($"a log record holds at most {_options.MaxRecordBytes} bytes, not {payload.Length}", nameof(payloads));
        }
        if (payloads.IsEmpty)
            return _next;
        if (_next - 1 - _durable + payloads.Length > WalFormat.MaxUndurable)
            SyncCore();
        var writer = OpenWriter();
        if (writer.Length >= _options.SegmentBytes)
            writer = Roll();
        _batch.Build(payloads, _next, _durable, writer.Salt);
        WriteOrRollBack(writer);
        _batch.Clear();
        _log = _log.SetItem(_log.Length - 1, _log[^1] with { Length = writer.Length });
        var first = _next;
        Volatile.Write(ref _next, first + payloads.Length);
        return first;
    }

    public void Commit()
    {
        using var _ = Enter();
        if (_options.SyncMode == WalSyncMode.Always
            || (_options.SyncMode == WalSyncMode.Interval && _time.GetElapsedTime(_lastSync).TotalMilliseconds >= _options.SyncIntervalMs))
            SyncCore();
    }

    public void Sync()
    {
        using var _ = Enter();
        SyncCore();
    }

    public WalReader ReadFrom(long sequence)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        // Order matters beside an append: the files known afterwards hold at least the records counted before.
        var end = NextSequence;
        var log = _log;
        if (sequence >= end)
            return new FileWalReader(_files, Channel, [], end, end);
        if (sequence < log[0].FirstSequence)
            throw new IntegrityException(log[0].Path, string.Create(CultureInfo.InvariantCulture, $"record {sequence} is missing: the log begins with {log[0].FirstSequence}"));
        var start = log.Length - 1;
        while (log[start].FirstSequence > sequence)
            start--;
        return new FileWalReader(_files, Channel, log[start..], sequence, end);
    }

    public void TrimTo(long sequence)
    {
        using var _ = Enter();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sequence, _durable);
        if (sequence == _next - 1 && _log is [.., { IsEmpty: false }])
        {
            OpenWriter();
            Roll();
        }
        while (_log.Length > 1 && _log[1].FirstSequence <= sequence + 1)
        {
            // One by one from the front, each made durable, so that a crash never leaves a gap.
            _files.DeleteFile(_log[0].Path);
            _files.SyncDirectory(_directory);
            _log = _log.RemoveAt(0);
        }
    }

    public void ReleaseHandle()
    {
        using var _ = Enter();
        SyncCore();
        CloseWriter();
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        try
        {
            if (!_failed)
                SyncCore();
        }
        catch (IOException)
        {
            // Nobody is left to tell; what was acknowledged as durable already is.
        }
        finally
        {
            CloseWriter();
            _disposed = true;
        }
    }

    private void SyncCore()
    {
        if (_writer is not null && _durable < _next - 1)
        {
            try
            {
                _writer.Sync();
            }
            catch
            {
                Fail();
                throw;
            }
        }
        Volatile.Write(ref _durable, _next - 1);
        _lastSync = _time.GetTimestamp();
    }

    // The failed batch must not come back after a crash as if it had been accepted, hence the sync.
    private void WriteOrRollBack(WalFileWriter writer)
    {
        try
        {
            writer.Append(_batch.Pieces, _batch.Length);
        }
        catch
        {
            try
            {
                writer.CutTo(writer.Length);
                Volatile.Write(ref _durable, _next - 1);
            }
            catch (IOException)
            {
                Fail();
            }
            throw;
        }
    }

    // After a failed sync the operating system may forget that the pages are unwritten: a second sync that succeeds proves nothing.
    // So what is not durable is cut off and the log stays closed to appends until it is read anew.
    private void Fail()
    {
        _failed = true;
        try
        {
            _writer?.CutToDurable();
        }
        catch (IOException)
        {
            // Recovery judges what is left.
        }
        finally
        {
            CloseWriter();
        }
    }

    private WalFileWriter OpenWriter()
    {
        if (_writer is not null)
            return _writer;
        if (_log.IsEmpty)
        {
            _files.CreateDirectory(_directory);
            return _writer = AddFile();
        }
        return _writer = WalFileWriter.Open(_files, _log[^1], Channel);
    }

    private WalFileWriter Roll()
    {
        SyncCore();
        var full = _writer!;
        _writer = AddFile();
        full.Seal(_next);
        _log = _log.SetItem(_log.Length - 2, _log[^2] with { Length = full.Length });
        full.Dispose();
        return _writer;
    }

    private WalFileWriter AddFile()
    {
        var path = _files.Combine(_directory, WalFormat.FileName(_next));
        try
        {
            var writer = WalFileWriter.Create(_files, path, Channel, _next);
            try
            {
                _files.SyncDirectory(_directory);
            }
            catch
            {
                writer.Dispose();
                throw;
            }
            _log = _log.Add(new WalFile(path, _next, writer.Length));
            return writer;
        }
        catch
        {
            RemoveUnfinished(path);
            throw;
        }
    }

    // A leftover would claim that the file before it ends here, so the log must not go on beside it.
    private void RemoveUnfinished(string path)
    {
        try
        {
            _files.DeleteFile(path);
            _files.SyncDirectory(_directory);
        }
        catch (IOException)
        {
            Fail();
        }
    }

    private void CloseWriter()
    {
        _writer?.Dispose();
        _writer = null;
    }

    private Ownership Enter()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_failed)
            throw new IOException($"{_directory}: the log of channel '{Channel}' failed and must be reopened");
        if (Interlocked.Exchange(ref _owners, 1) != 0)
            throw new InvalidOperationException($"two threads use the log of channel '{Channel}' at once");
        return new Ownership(this);
    }

    private readonly struct Ownership(ChannelLog log) : IDisposable
    {
        public void Dispose() => Volatile.Write(ref log._owners, 0);
    }
}
