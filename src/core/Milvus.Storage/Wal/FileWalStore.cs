using Milvus.Storage.Files;
using Milvus.Storage.Objects;

namespace Milvus.Storage.Wal;

/// <summary>Logs of channels as directories below one: <c>root/channel/first-sequence.wal</c>.</summary>
public sealed class FileWalStore : IWalStore
{
    private readonly string _root;
    private readonly WalOptions _options;
    private readonly IFileSystem _files;
    private readonly TimeProvider _time;

    /// <param name="root">Created with the first append.</param>
    /// <param name="options">Settings of every log.</param>
    /// <param name="files">The machine's file system when null.</param>
    /// <param name="time">The system's clock when null.</param>
    public FileWalStore(string root, WalOptions options, IFileSystem? files = null, TimeProvider? time = null)
    {
        options.Validate();
        _root = root;
        _options = options;
        _files = files ?? LocalFileSystem.Instance;
        _time = time ?? TimeProvider.System;
    }

    public IReadOnlyList<string> ListChannels() => [.. _files.ListDirectories(_root).Where(IsChannel)];

    public IChannelLog Open(string channel, long reached = 0) =>
        ChannelLog.Open(DirectoryOf(channel), channel, _options, reached, _files, _time);

    public void Delete(string channel)
    {
        var directory = DirectoryOf(channel);
        if (!_files.DirectoryExists(directory))
            return;
        // From the front, so that a crash in between leaves a log that opens.
        foreach (var file in _files.ListFiles(directory))
            _files.DeleteFile(_files.Combine(directory, file.Name));
        _files.DeleteDirectory(directory);
    }

    private string DirectoryOf(string channel)
    {
        if (!IsChannel(channel))
            throw new ArgumentException($"'{channel}' is not a valid channel name", nameof(channel));
        return _files.Combine(_root, channel);
    }

    private static bool IsChannel(string name) => ObjectKeys.IsValid(name) && !name.Contains('/', StringComparison.Ordinal);
}
