using System.Security.Cryptography;
using System.Text;

namespace Milvus.Coordinator.Access;

/// <summary>PBKDF2 (RFC 8018) with HMAC-SHA256.</summary>
public static class PasswordHasher
{
    public const int SaltBytes = 16;
    public const int HashBytes = 32;
    public const int DefaultIterations = 60_000;

    public static PasswordHash Hash(string password, ReadOnlySpan<byte> salt, int iterations = DefaultIterations)
    {
        ArgumentOutOfRangeException.ThrowIfZero(salt.Length, nameof(salt));
        return new(iterations, Convert.ToBase64String(salt), Convert.ToBase64String(Derive(password, salt, iterations)));
    }

    /// <summary>Compares in constant time.</summary>
    public static bool Verify(string password, PasswordHash stored) =>
        CryptographicOperations.FixedTimeEquals(Derive(password, Convert.FromBase64String(stored.Salt), stored.Iterations), Convert.FromBase64String(stored.Hash));

    private static byte[] Derive(string password, ReadOnlySpan<byte> salt, int iterations) =>
        Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, iterations, HashAlgorithmName.SHA256, HashBytes);
}
