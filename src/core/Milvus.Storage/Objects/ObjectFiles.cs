using Microsoft.Win32.SafeHandles;

namespace Milvus.Storage.Objects;

/// <summary>Objects as local files, for readers that go to and fro in them.</summary>
public static class ObjectFiles
{
    private const int CopyBufferBytes = 1 << 20;

    /// <summary>
    /// Opens an object for reading at any position: the file that holds it, or a cached copy of it, where the store has one; else a copy that
    /// vanishes when the handle is closed. The content stays as it is while the handle is open, whatever becomes of the object.
    /// </summary>
    /// <param name="copyDirectory">Where copies go; created if need be.</param>
    /// <exception cref="ObjectNotFoundException">Nothing is stored under the key.</exception>
    public static async Task<SafeFileHandle> OpenFileAsync(this IObjectStore store, string key, string copyDirectory, CancellationToken cancellationToken = default)
    {
        var stream = await store.OpenReadAsync(key, cancellationToken: cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            if (stream is FileRangeStream file) return file.TakeHandle();
            return await CopyAsync(stream, copyDirectory, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<SafeFileHandle> CopyAsync(Stream source, string directory, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, $"{Guid.NewGuid():N}.object");
        var handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, FileOptions.DeleteOnClose);
        try
        {
            var buffer = new byte[CopyBufferBytes];
            long position = 0;
            int read;
            while ((read = await source.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false)) > 0)
            {
                await RandomAccess.WriteAsync(handle, buffer.AsMemory(0, read), position, cancellationToken).ConfigureAwait(false);
                position += read;
            }
            // Where an open file can lose its name, nothing is left behind when the process is killed.
            if (!OperatingSystem.IsWindows()) File.Delete(path);
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }
}
