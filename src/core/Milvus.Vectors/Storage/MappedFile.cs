using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// A local file in the address space: rows that are read from it are in memory as long as the system finds room for them, and take none
/// of the heap. Unmapped when nothing refers to it any more; the file may be deleted before that where the system allows it.
/// </summary>
/// <remarks>A file that is cut short while it is mapped, or a disk that fails under it, ends the process: such is the nature of mapping.</remarks>
internal sealed unsafe class MappedFile
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    private MappedFile(FileStream stream, MemoryMappedFileAccess access)
    {
        Length = stream.Length;
        _file = MemoryMappedFile.CreateFromFile(stream, null, 0, access, HandleInheritability.None, leaveOpen: false);
        _view = _file.CreateViewAccessor(0, 0, access);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        Pointer = start + _view.PointerOffset;
    }

    ~MappedFile()
    {
        if (_view is not null)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
        }

        _file?.Dispose();
    }

    public byte* Pointer { get; }

    public long Length { get; }

    /// <summary>Maps a file for reading.</summary>
    /// <exception cref="IOException">There is no such file, or it is empty.</exception>
    public static MappedFile Open(string path)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 0);
        if (stream.Length > 0)
            return new MappedFile(stream, MemoryMappedFileAccess.Read);
        stream.Dispose();
        throw new IOException($"{path} is empty: nothing can be mapped");
    }

    /// <summary>Maps an open file for reading. The handle is closed with the mapping, or when there is none.</summary>
    /// <exception cref="IntegrityException">It is empty.</exception>
    /// <exception cref="IOException">It cannot be mapped.</exception>
    public static MappedFile Open(SafeFileHandle handle, string name)
    {
        FileStream stream;
        try
        {
            stream = new FileStream(handle, FileAccess.Read, 0);
        }
        catch
        {
            handle.Dispose();
            throw;
        }

        try
        {
            return stream.Length > 0 ? new MappedFile(stream, MemoryMappedFileAccess.Read) : throw new IntegrityException(name, "is empty");
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Maps a new file, to be filled, that vanishes with this object, or with the process.</summary>
    /// <param name="directory">Created if need be; on a disk rather than in memory.</param>
    /// <exception cref="IOException">There is no room.</exception>
    public static MappedFile CreateTemporary(string directory, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        Directory.CreateDirectory(directory);
        string path = Path.Combine(directory, $"{Guid.NewGuid():N}.vectors");
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Delete,
            BufferSize = 0,
            Options = OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None,

            // Room is claimed now: a page that finds none later would end the process.
            PreallocationSize = length,
        };
        var stream = new FileStream(path, options);
        try
        {
            stream.SetLength(length);
            return new MappedFile(stream, MemoryMappedFileAccess.ReadWrite);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
        finally
        {
            // Without its name the file lives as long as its mapping.
            if (!OperatingSystem.IsWindows())
                File.Delete(path);
        }
    }

    /// <summary>Says how the file will be read from now on, and lets go of the pages that were read so far.</summary>
    public void Settle(bool isRandom)
    {
        PageAdvice.Release(Pointer, Length);
        PageAdvice.Expect(Pointer, Length, isRandom);
    }
}
