using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Milvus.Storage.Files;

/// <summary>Durability of names: creating, renaming or deleting a file survives a power cut once its directory is synced.</summary>
internal static partial class DirectoryNames
{
    private const int OpenReadOnly = 0;
    private const int Interrupted = 4;
    private const int InvalidArgument = 22;

    /// <summary>
    /// Syncs the names inside a directory. Does nothing on Windows, whose file systems journal name changes in order and offer no
    /// such call.
    /// </summary>
    public static void Sync(string path)
    {
        if (OperatingSystem.IsWindows())
            return;
        var descriptor = Open(path, OpenReadOnly);
        if (descriptor < 0)
            throw Failure("open", path);
        try
        {
            while (Fsync(descriptor) < 0)
            {
                var error = Marshal.GetLastPInvokeError();
                if (error == InvalidArgument)
                    return; // The file system does not support syncing directories.
                if (error != Interrupted)
                    throw Failure("fsync", path);
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <summary>Creates a directory and its missing parents so that all of them survive a power cut.</summary>
    public static void CreateDurably(string path)
    {
        var missing = new Stack<string>();
        for (var current = Path.GetFullPath(path); !Directory.Exists(current); current = Path.GetDirectoryName(current)!)
            missing.Push(current);
        while (missing.TryPop(out var directory))
        {
            Directory.CreateDirectory(directory);
            Sync(Path.GetDirectoryName(directory)!);
        }
    }

    private static IOException Failure(string call, string path)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{call} of directory '{path}' failed: {new Win32Exception(error).Message}", error);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
