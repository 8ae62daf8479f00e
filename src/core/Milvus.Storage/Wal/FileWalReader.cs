using System.Collections.Immutable;
using System.Globalization;
using Milvus.Model;
using Milvus.Storage.Files;

namespace Milvus.Storage.Wal;

/// <summary>Reads across the files of a log and checks that nothing is missing between them.</summary>
internal sealed class FileWalReader : WalReader
{
    private readonly IFileSystem _files;
    private readonly string _channel;
    private readonly ImmutableArray<WalFile> _log;
    private readonly long _end;
    private long _next;
    private int _index;
    private WalRecordCursor? _cursor;

    /// <param name="log">The files from the one that holds <paramref name="first"/> on.</param>
    /// <param name="first">Sequence to begin with.</param>
    /// <param name="end">Sequence to stop before.</param>
    public FileWalReader(IFileSystem files, string channel, ImmutableArray<WalFile> log, long first, long end)
    {
        _files = files;
        _channel = channel;
        _log = log;
        _next = first;
        _end = end;
    }

    public override bool TryRead(out WalRecord record)
    {
        while (_next < _end)
        {
            _cursor ??= _log[_index].OpenCursor(_files, _channel);
            if (_index + 1 < _log.Length && _cursor.NextSequence == _log[_index + 1].FirstSequence)
            {
                Close();
                _index++;
                continue;
            }
            var offset = _cursor.Offset;
            if (_cursor.Step() != WalStep.Record || _cursor.Header.Kind == WalRecordKind.Seal)
                throw Damaged(offset);
            if (_cursor.Header.Sequence < _next)
                continue;
            _next++;
            record = new WalRecord(_cursor.Header.Sequence, _cursor.Payload);
            return true;
        }
        record = default;
        Close();
        return false;
    }

    protected override void Dispose(bool disposing) => Close();

    private void Close()
    {
        _cursor?.Dispose();
        _cursor = null;
    }

    private IntegrityException Damaged(long offset)
    {
        var expected = _cursor!.NextSequence.ToString(CultureInfo.InvariantCulture);
        return _cursor.Offset > offset || offset == _log[_index].Length
            ? new IntegrityException(_cursor.Path, $"record {expected} is missing: the file ends before it and no other file begins with it")
            : new IntegrityException(_cursor.Path, string.Create(CultureInfo.InvariantCulture, $"record {expected} at offset {offset} is damaged"));
    }
}
