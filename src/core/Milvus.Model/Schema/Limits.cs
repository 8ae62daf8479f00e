namespace Milvus.Model;

/// <summary>Milvus' limits, in one place; the numbers of an unconfigured server.</summary>
public static class Limits
{
    public const int NameLength = 255;
    public const int DescriptionLength = 1024;
    public const int UserNameLength = 32;
    public const int PasswordMinBytes = 6;
    public const int PasswordMaxBytes = 72;
    public const int Fields = 64;
    public const int VectorFields = 10;
    public const int MinDimension = 2;
    public const int MaxDimension = 32768;
    public const int MinBinaryDimension = 8;
    public const int MaxBinaryDimension = 262144;
    public const int VarCharMaxLength = 65535;
    public const int TextMaxBytes = 2 << 20;
    public const int ArrayMaxCapacity = 4096;
    public const int JsonMaxBytes = 65536;
    public const int Shards = 16;
    public const int Partitions = 1024;
    public const int DefaultPartitionKeyPartitions = 16;
    public const int Collections = 65536;
    public const int GeneralCapacity = 65536;
    public const int Databases = 64;
    public const int Users = 100;
    public const int Roles = 10;
    public const int TopK = 16384;
    public const int QueryCount = 16384;
    public const int ResultWindow = 16384;
    public const int HybridRequests = 1024;
    public const int GroupSize = 10;
    public const int IndexParamBytes = 102400;
    public const long MinTtlSeconds = -1;
    public const long MaxTtlSeconds = 3155760000;
    public const string DefaultDatabase = "default";
    public const string DefaultPartition = "_default";
}
